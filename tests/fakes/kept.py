"""An instance's directory as a daemon would have made it, without the daemon."""

import json
from pathlib import Path

from launcher import spec as specs
from tests.fakes.specs import machine
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.layout import InstanceLayout


def kubeconfig(server: str, authority: str = "") -> dict:
    """A kubeconfig with our context; ``authority`` tells instances apart."""
    cluster = {"server": server}
    if authority:
        cluster["certificate-authority-data"] = authority
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "virtctl-local", "cluster": cluster}],
        "users": [{"name": "virtctl-local", "user": {"token": "secret"}}],
        "contexts": [
            {
                "name": "virtctl-local",
                "context": {"cluster": "virtctl-local", "user": "virtctl-local"},
            }
        ],
        "current-context": "virtctl-local",
    }


def instance(
    root: Path, server: str = "http://127.0.0.1:1", *, authority: str = "", running: bool = False
) -> InstanceLayout:
    """An instance that is stopped, or whose daemon this very process seems to be."""
    layout = InstanceLayout(root)
    process.write_config(layout, LocalConfig(version="0.1.0"))
    layout.kubeconfig.write_text(json.dumps(kubeconfig(server, authority)))
    if running:
        process.write_identity(layout, "0.1.0")
    return layout


def machine_directory(layout: InstanceLayout, uid: str, **fields: object) -> Path:
    """A machine's directory with its spec and a line of log."""
    place = layout.machine(uid)
    place.mkdir(parents=True)
    (place / "spec.json").write_bytes(specs.encode(machine(uid=uid, **fields)))
    (place / "launcher.log").write_text("the launcher of " + uid + "\n")
    return place
