"""``net explain``: the way of a machine's frames, from its NICs to the wire."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.netpaths import running
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.models.documents import Document
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.networks.lines import told
from virtctl.output.networks.picture import draw


def run(
    session: Session,
    target: Annotated[
        str, Argument("[TYPE/]NAME[/NAMESPACE]", help="The machine.", complete="target")
    ],
    *,
    output: Annotated[
        str,
        Option("--output", "-o", help="json, yaml or svg.", choices=("", "json", "yaml", "svg")),
    ] = "",
) -> Outcome:
    """Show the way of a machine's frames: NIC, tap, bridge, veth, node bridge, VLAN, uplink.

    Each hop with addresses, MTU, counters, and the rules that stand there. Of another cluster than
    `virtctl local` it shows what the API says, and names what it cannot see.
    """
    found = running(session, target)
    facts, ways = found.facts, found.paths
    if output == "svg":
        return Outcome(draw(found.name, ways))
    if output:
        data: Document = {
            "name": found.name,
            "namespace": found.namespace,
            "node": facts.node,
            "interfaces": [path.document() for path in ways],
            "unseen": [*facts.unseen],
        }
        return Outcome(as_json(data) if output == "json" else as_yaml(data))
    return Outcome("\n".join(told(found.name, facts.node, ways, facts.unseen)))
