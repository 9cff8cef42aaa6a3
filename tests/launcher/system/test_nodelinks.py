"""Links and routes in a namespace that is really there."""

import pytest

from launcher.errors import HostError
from launcher.ops.nodelinks import (
    ChangePortVlans,
    MakeLink,
    MakeRoute,
    SetBridgePort,
    SetLinkOptions,
    UnmakeRoute,
    VlanRange,
)
from launcher.system import netlink, nodelinks
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host


def one(name: str) -> nodelinks.Device:
    return next(each for each in nodelinks.seen() if each.name == name)


def test_a_bridge_with_a_port() -> None:
    with inside_scratch_netns("links"):
        nodelinks.make_link(
            MakeLink(name="br1", kind="bridge", options={"forward-delay": 4, "stp": True})
        )
        nodelinks.make_link(MakeLink(name="a", kind="veth", peer="b"))
        netlink.change_link("a", master="br1")
        nodelinks.set_options(SetLinkOptions(name="br1", kind="bridge", options={"priority": 4096}))
        nodelinks.set_port(SetBridgePort(name="a", options={"stp-path-cost": 7}))
        bridge, port = one("br1"), one("a")
        assert (
            bridge.options["priority"],
            bridge.options["forward-delay"],
            bridge.options["stp"],
        ) == (4096, 4, True)
        assert port.port["stp-path-cost"] == 7
        assert one("b").base == port.index
        if nodelinks.can_filter_vlans():
            nodelinks.set_options(
                SetLinkOptions(name="br1", kind="bridge", options={"vlan-filtering": True})
            )
            own, wanted = VlanRange(first=1, last=1, native=True), VlanRange(first=2, last=4094)
            nodelinks.change_vlans(ChangePortVlans(name="a", gone=(own,), new=(wanted,)))
            assert [(v.first, v.last) for v in nodelinks.port_vlans()[port.index]] == [(2, 4094)]


def test_routes_with_metric_and_table() -> None:
    with inside_scratch_netns("routes"):
        shell(
            """
            ip link add name va type veth peer name vb
            ip address add 10.0.0.1/24 dev va
            ip link set va up
            ip link set vb up
            """
        )
        route = MakeRoute(
            destination="10.9.0.0/16", device="va", gateway="10.0.0.9", metric=5, table=100
        )
        nodelinks.make_route(route)
        nodelinks.make_route(route)
        assert shell("ip route show table 100").split() == [
            "10.9.0.0/16",
            "via",
            "10.0.0.9",
            "dev",
            "va",
            "proto",
            "static",
            "metric",
            "5",
        ]
        gone = UnmakeRoute(
            destination="10.9.0.0/16", device="va", gateway="10.0.0.9", metric=5, table=100
        )
        for _ in range(2):
            nodelinks.unmake_route(gone)
        assert [r for r in nodelinks.routes() if r.table == 100] == []


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_routes_that_lead_nowhere(kind: str) -> None:
    with inside_scratch_netns("refusals"):
        shell("ip link set lo up")
        for destination in ("10.7.0.0/16", "fd07::/64"):
            nodelinks.make_route(MakeRoute(destination=destination, kind=kind))
            (found,) = [r for r in nodelinks.routes() if r.destination == destination]
            assert (found.kind, found.index) == (kind, 0)
            for _ in range(2):
                nodelinks.unmake_route(UnmakeRoute(destination=destination, kind=kind))
            assert not [r for r in nodelinks.routes() if r.destination == destination]


def test_refusals_say_what_and_why() -> None:
    with inside_scratch_netns("no"):
        with pytest.raises(HostError, match="there is no link `x`"):
            nodelinks.set_port(SetBridgePort(name="x", options={}))
        with pytest.raises(HostError, match="cannot make the bridge `b`: `stp` maybe"):
            nodelinks.make_link(MakeLink(name="b", kind="bridge", options={"stp": "maybe"}))
        nodelinks.make_link(MakeLink(name="b", kind="bridge"))
        with pytest.raises(HostError, match="cannot set `priority` of `b` to 99999"):
            nodelinks.set_options(
                SetLinkOptions(name="b", kind="bridge", options={"priority": 99999})
            )
