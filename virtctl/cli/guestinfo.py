"""What ``guestosinfo``, ``fslist`` and ``userlist`` share."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client import subresources
from virtctl.client.subresources import Owner
from virtctl.models.documents import Document
from virtctl.output.documents import as_json, as_yaml

InfoOutput = Annotated[
    str, Option("--output", "-o", help="Output format: json or yaml.", choices=("json", "yaml"))
]


def show(session: Session, name: str, verb: str, output: str, defaults: Document) -> Outcome:
    """Ask the guest by ``verb``; ``defaults`` are keys that scripts may rely on."""
    with doing(f"cannot ask the guest of VMI {name}"):
        found = subresources.get(session.rest, Owner.VMI, session.namespace, name, verb)
    if isinstance(found, dict):
        plain = {k: v for k, v in found.items() if k not in {"kind", "apiVersion"}}
        found = {**defaults, **plain}
    return Outcome(as_json(found, 2) if output == "json" else as_yaml(found))
