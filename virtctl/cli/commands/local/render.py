"""``local render``: print what a manifest would be turned into, without doing it."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.files import FileNames, manifests
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.models.documents import text

_KINDS = ("VirtualMachine", "VirtualMachineInstance")


def run(
    session: Session,
    *,
    filename: FileNames = [],  # noqa: B006 - never changed
    what: Annotated[
        str,
        Option(
            "--what",
            help="domain (libvirt XML), network, pod, cloud-init or disks.",
            choices=("domain", "network", "pod", "cloud-init", "disks"),
        ),
    ] = "domain",
) -> Outcome:
    """Print what machines in manifests would be turned into; nothing is made or asked.

    Other kinds of objects in the files are passed over, unless there is no machine at all.
    """
    from virtctl.local.node.render import render_here

    found = [each.document for each in manifests(session, filename, recursive=False)]
    machines = [each for each in found if text(each, "kind") in _KINDS] or found
    return Outcome("\n---\n".join(render_here(each, what).rstrip("\n") for each in machines))
