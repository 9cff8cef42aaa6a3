"""``net create lan``: a network that leads to the nodes' LAN."""

from __future__ import annotations

from virtctl.cli.netmaking import Bridge, DryRun, MadeNetworkOutput, Mtu, NetworkName, Nic, send
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import UsageError
from virtctl.manifests.attachments import Wish, on_bridge


def run(
    session: Session,
    name: NetworkName,
    *,
    nic: Nic = "",
    bridge: Bridge = "",
    mtu: Mtu = 0,
    dry_run: DryRun = "",
    output: MadeNetworkOutput = "",
) -> Outcome:
    """Make a network on a bridge of the nodes: machines on it are hosts of the LAN.

    With --nic a policy makes the bridge and plugs the network card in; without, the bridge is there
    already. Guests get addresses as any host of the LAN does, by its DHCP server.
    """
    if not nic and not bridge:
        raise UsageError("give --nic for a new bridge, or --bridge for one that is there")
    wish = Wish(name=name, namespace=session.namespace, nic=nic, bridge=bridge, mtu=mtu)
    wish.check()
    return send(session, on_bridge(wish, make=bool(nic)), output, dry_run)
