"""``net create ovn``: a network of OVN-Kubernetes."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.netmaking import (
    Bridge,
    DryRun,
    MadeNetworkOutput,
    Mtu,
    NetworkName,
    Nic,
    Vlan,
    send,
)
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.manifests.attachments import Wish, on_ovn


def run(
    session: Session,
    name: NetworkName,
    *,
    subnet: Annotated[
        str, Option("--subnet", help="Networks that OVN gives addresses of.", metavar="CIDR,...")
    ] = "",
    nic: Nic = "",
    bridge: Bridge = "",
    vlan: Vlan = 0,
    mtu: Mtu = 0,
    dry_run: DryRun = "",
    output: MadeNetworkOutput = "",
) -> Outcome:
    """Make a network of OVN: by itself one that spans all nodes (layer2, Geneve).

    With --bridge it leads to what that bridge of Open vSwitch leads to (localnet), such as br-ex;
    with --nic a policy makes the bridge. --vlan is its tag on the wire.
    """
    wish = Wish(
        name=name, namespace=session.namespace, nic=nic, bridge=bridge, mtu=mtu, vlan=vlan,
        subnet=subnet,
    )  # fmt: skip
    wish.check()
    return send(session, on_ovn(wish), output, dry_run)
