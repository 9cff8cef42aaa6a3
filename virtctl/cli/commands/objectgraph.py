"""``objectgraph``: what a machine depends on."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.stringmaps import string_map
from virtctl.cli.verbs import doing
from virtctl.client.messages import Request
from virtctl.client.subresources import Owner, path
from virtctl.models.documents import Document
from virtctl.output.documents import as_json, as_yaml


def run(
    session: Session,
    name: Annotated[str, Argument("VM|VMI", help="Name of the machine.", complete="vm")],
    *,
    vmi: Annotated[bool, Option("--vmi", help="It is a VMI, not a VM.")] = False,
    exclude_optional: Annotated[
        bool, Option("--exclude-optional", help="Leave out what it can do without.")
    ] = False,
    selector: Annotated[
        list[str],
        Option("--selector", help="Only objects with these labels.", metavar="LABEL=VALUE"),
    ] = [],  # noqa: B006 - never changed
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("json", "yaml"))
    ] = "json",
) -> Outcome:
    """Print the tree of objects that a machine depends on."""
    owner, shown = (Owner.VMI, "VMI") if vmi else (Owner.VM, "VM")
    asked: Document = {"includeOptionalNodes": not exclude_optional}
    labels = string_map(selector, "--selector")
    if labels:
        asked["labelSelector"] = {"matchLabels": dict(labels)}
    where = path(owner, session.namespace, name, "objectgraph")
    with doing(f"cannot list the objects of {shown} {name}"):
        found = session.rest.send(Request("GET", where, body=asked)).json()
    return Outcome(as_json(found, 2) if output == "json" else as_yaml(found))
