"""``net create isolated``: a network between machines of one node only."""

from __future__ import annotations

from virtctl.cli.netmaking import Bridge, DryRun, MadeNetworkOutput, Mtu, NetworkName, send
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.manifests.attachments import Wish, on_bridge


def run(
    session: Session,
    name: NetworkName,
    *,
    bridge: Bridge = "",
    mtu: Mtu = 0,
    dry_run: DryRun = "",
    output: MadeNetworkOutput = "",
) -> Outcome:
    """Make a network on a bridge without a network card: machines of one node see each other.

    Nobody gives addresses there: write them into cloud-init's networkData. `net create ovn` makes
    one that spans nodes.
    """
    wish = Wish(name=name, namespace=session.namespace, bridge=bridge, mtu=mtu)
    wish.check()
    return send(session, on_bridge(wish, make=True), output, dry_run)
