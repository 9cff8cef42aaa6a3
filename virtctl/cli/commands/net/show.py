"""``net show``: one network, what nodes make of it, and who is attached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.resources import get, list_all
from virtctl.errors import ApiError
from virtctl.models.documents import Document, items, name_of, text
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    NODE_NETWORK_STATE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.networks.facts import of_node_state
from virtctl.output.networks.listing import summary


def run(
    session: Session,
    name: Annotated[str, Argument("NAME", help="A network.", complete="network")],
    *,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Show one network: its definition, its bridge on each node, and the machines on it."""
    with doing(f"cannot show network {name}"):
        definition = get(session.rest, ATTACHMENT_DEFINITION, session.namespace, name)
        machines = [
            one
            for kind in (VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE)
            for one in list_all(session.rest, kind, "")
        ]
    found = summary(definition, machines)
    nodes = list(_nodes(session, text(found, "on")))
    found["nodes"] = [*nodes]
    if output:
        return Outcome(as_json(found) if output == "json" else as_yaml(found))
    lines = [
        f"{key + ':':<12}{found[key] or '-'}"
        for key in ("name", "type", "on", "vlan", "mtu", "ipam")
    ]
    lines += [f"{'attached:':<12}{', '.join(str(one) for one in items(found, 'attached')) or '-'}"]
    lines += [f"{'node ' + text(one, 'node') + ':':<12}{text(one, 'bridge')}" for one in nodes]
    return Outcome("\n".join(lines))


def _nodes(session: Session, bridge: str) -> Iterator[Document]:
    """What nodes say of the bridge; nothing where they may not be asked or tell nothing."""
    try:
        states = list_all(session.rest, NODE_NETWORK_STATE, "")
    except ApiError:
        return
    for state in states:
        node = of_node_state(state)
        link = node.link(bridge)
        ports = " ".join(one.name for one in node.ports(bridge))
        said = "is not there" if link is None else f"MTU {link.mtu}, ports: {ports or 'none'}"
        yield {"node": name_of(state), "bridge": f"{bridge} {said}"}
