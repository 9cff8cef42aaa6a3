"""``net list``: the networks beside the pod network."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import AllNamespaces, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.resources import list_all
from virtctl.models.documents import namespace_of
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.networks.listing import HEAD, row, summary
from virtctl.output.tables import grid


def run(
    session: Session,
    *,
    all_namespaces: AllNamespaces = False,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Show the networks that machines can be attached to, and which machines are.

    ON is the nodes' bridge, or the topology of a network of OVN.
    """
    namespace = "" if all_namespaces else session.namespace
    with doing("cannot list networks"):
        definitions = list_all(session.rest, ATTACHMENT_DEFINITION, namespace)
        machines = [
            one
            for kind in (VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE)
            for one in list_all(session.rest, kind, "")
        ]
    found = [summary(one, machines) for one in definitions]
    if output:
        return Outcome(as_json([*found]) if output == "json" else as_yaml([*found]))
    if not found:
        session.line(f"there are no networks{'' if all_namespaces else f' in {namespace}'}")
        return Outcome()
    head, rows = HEAD, [row(one) for one in found]
    if all_namespaces:
        head = ["NAMESPACE", *HEAD]
        rows = [[namespace_of(d), *r] for d, r in zip(definitions, rows, strict=True)]
    return Outcome("\n".join(grid([head, *rows])))
