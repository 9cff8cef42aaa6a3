"""``net create vlan``: a network that is one VLAN of the nodes' LAN."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.netmaking import Bridge, DryRun, MadeNetworkOutput, Mtu, NetworkName, Nic, send
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import UsageError
from virtctl.manifests.attachments import Wish, on_bridge


def run(
    session: Session,
    name: NetworkName,
    *,
    vlan: Annotated[
        int, Option("--vlan", help="VLAN on the wire, 1 to 4094.", required=True, limits=(1, 4094))
    ] = 0,
    nic: Nic = "",
    bridge: Bridge = "",
    mtu: Mtu = 0,
    dry_run: DryRun = "",
    output: MadeNetworkOutput = "",
) -> Outcome:
    """Make a network of one VLAN on a bridge of the nodes; guests send and get no tags.

    With --nic a policy makes the bridge and plugs the network card in; without, the bridge is there
    already. The bridge must filter VLANs.
    """
    if not nic and not bridge:
        raise UsageError("give --nic for a new bridge, or --bridge for one that is there")
    wish = Wish(name=name, namespace=session.namespace, nic=nic, bridge=bridge, mtu=mtu, vlan=vlan)
    wish.check()
    return send(session, on_bridge(wish, make=bool(nic)), output, dry_run)
