"""What ``net create``'s commands share: their flags, and sending what was made."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Argument, DryRun, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing, dry
from virtctl.models.documents import Document, name_of, namespace_of

NetworkName = Annotated[str, Argument("NAME", help="Name of the new network.")]
Nic = Annotated[str, Option("--nic", help="The nodes' network card that it leads to.")]
Bridge = Annotated[str, Option("--bridge", help="The nodes' bridge.")]
Mtu = Annotated[int, Option("--mtu", help="Largest packet in bytes.")]
Vlan = Annotated[int, Option("--vlan", help="VLAN on the wire, 1 to 4094.")]
MadeNetworkOutput = Annotated[
    str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
]  # fmt: skip
__all__ = ["Bridge", "DryRun", "MadeNetworkOutput", "Mtu", "NetworkName", "Nic", "Vlan", "send"]


def send(session: Session, documents: list[Document], output: str, dry_run: str) -> Outcome:
    """Create or change the objects, and say so or print them. Raises ``ApiError``."""
    from virtctl.cli.making import printed
    from virtctl.client import resources

    query = {"fieldManager": "virtctl"}
    if dry(session, dry_run):
        query["dryRun"] = "All"
    lines = []
    for document in documents:
        kind = resources.kind_for_object(session.rest, document)
        with doing(f"cannot create {kind.singular} {name_of(document)}"):
            resources.patch(
                session.rest, kind, namespace_of(document), name_of(document), document,
                resources.APPLY_PATCH, query,
            )  # fmt: skip
        lines.append(f"{kind.singular} {name_of(document)} applied")
    return printed(documents, output) if output else Outcome("\n".join(lines))
