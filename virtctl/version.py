"""The version of this client, as a constant: reading package metadata costs 15 ms each time."""

from __future__ import annotations

import sys

VERSION = "0.1.0"
KUBEVIRT = "v1.9"
"""The release of KubeVirt whose API is spoken."""


def client_version() -> dict[str, str]:
    """What ``virtctl version`` says of itself, in the fields of KubeVirt's own version answer."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}
    architecture = _architecture()
    return {
        "gitVersion": f"v{VERSION}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": f"{sys.implementation.name} {sys.version.split()[0]}",
        "platform": f"{sys.platform}/{machine.get(architecture, architecture)}",
    }


def _architecture() -> str:
    import os  # only this command needs it

    return os.uname().machine if hasattr(os, "uname") else "unknown"
