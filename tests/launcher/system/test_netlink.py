"""Our rtnetlink against the kernel, with ``ip -j`` as the judge."""

import json
from collections.abc import Iterator

import pytest

from launcher.errors import HostError
from launcher.net.model import Address, Link, Route
from launcher.system import netlink, process
from tests.fakes.scratch import inside_scratch_netns, scratch_netns

pytestmark = pytest.mark.host


@pytest.fixture(autouse=True)
def netns() -> Iterator[str]:
    with inside_scratch_netns() as name:
        yield name


def link(name: str) -> Link:
    return next(link for link in netlink.links() if link.name == name)


def judge(*words: str) -> list[dict[str, object]]:
    return json.loads(process.run(["ip", "-j", *words]).stdout or "[]")


def test_a_bridge_has_the_mac_it_was_made_with() -> None:
    netlink.add_link("br0", "bridge", mac="02:00:00:00:00:00")
    (seen,) = judge("link", "show", "br0")
    assert seen["address"] == "02:00:00:00:00:00"
    assert link("br0").kind == "bridge"


def test_a_veth_reaches_into_another_namespace() -> None:
    with scratch_netns() as other:
        netlink.add_link("a", "veth", peer="eth0", peer_netns=other)
        assert link("a").kind == "veth"
        assert "eth0" in process.run(["ip", "-n", other, "-br", "link"]).stdout


def test_links_are_changed_and_seen_as_changed() -> None:
    netlink.add_link("br0", "bridge")
    netlink.add_link("a", "veth", peer="b")
    netlink.change_link("a", up=True, mac="02:00:00:00:00:0a", mtu=1400, master="br0")
    netlink.add_address("br0", Address.parse("10.0.2.1/24"))
    netlink.add_address("br0", Address.parse("fd10:0:2::1/120"))
    seen = link("a")
    assert (seen.up, seen.mac, seen.mtu, seen.master) == (True, "02:00:00:00:00:0a", 1400, "br0")
    assert [str(a) for a in link("br0").addresses or ()] == ["10.0.2.1/24", "fd10:0:2::1/120"]
    (told,) = judge("address", "show", "br0")
    assert told["addr_info"][0]["broadcast"] == "10.0.2.255"
    assert told["addr_info"][1].get("nodad")
    netlink.change_link("a", up=False, master="")
    assert (link("a").up, link("a").master) == (False, "")


def test_a_link_is_renamed_while_it_is_down() -> None:
    netlink.add_link("a", "veth", peer="b")
    netlink.rename_link("a", "a-nic")
    assert link("a-nic").kind == "veth"
    with pytest.raises(HostError, match="there is no link `a`"):
        netlink.rename_link("a", "c")


def test_a_port_stops_learning() -> None:
    netlink.add_link("br0", "bridge")
    netlink.add_link("a", "veth", peer="b")
    assert link("a").learning is None
    netlink.change_link("a", master="br0")
    assert link("a").learning is True
    netlink.set_learning("a", on=False)
    assert link("a").learning is False
    (told,) = json.loads(process.run(["bridge", "-j", "-d", "link", "show", "dev", "a"]).stdout)
    assert told["learning"] is False


def test_addresses_come_and_go_any_number_of_times() -> None:
    address = Address.parse("10.0.2.1/24")
    netlink.add_link("br0", "bridge")
    for _ in range(2):
        netlink.add_address("br0", address)
    assert link("br0").addresses == (address,)
    for _ in range(2):
        netlink.delete_address("br0", address)
    assert link("br0").addresses == ()
    netlink.delete_address("no-such-link", address)


def test_routes_come_and_go() -> None:
    netlink.add_link("a", "veth", peer="b")
    netlink.change_link("b", up=True)
    netlink.change_link("a", up=True)
    netlink.add_address("a", Address.parse("10.0.0.1/24"))
    netlink.add_address("a", Address.parse("fd00::1/64"))
    wanted = (
        Route(destination="0.0.0.0/0", device="a", gateway="10.0.0.9"),
        Route(destination="::/0", device="a", gateway="fd00::9"),
        Route(destination="10.244.1.0/24", device="a", gateway="10.0.0.2"),
        Route(destination="10.245.0.0/16", device="a"),
        Route(destination="fd10:244:0:1::/64", device="a", gateway="fd00::2"),
    )
    for route in wanted:
        netlink.add_route(route)
    assert set(wanted) <= set(netlink.routes())
    assert {"dst": "default", "gateway": "10.0.0.9"}.items() <= judge("route")[0].items()
    for _ in range(2):
        for route in wanted:
            netlink.delete_route(route)
    assert not set(wanted) & set(netlink.routes())
    netlink.delete_route(Route(destination="10.0.0.0/8", device="no-such-link"))


def test_links_are_removed_any_number_of_times() -> None:
    netlink.add_link("br0", "bridge")
    netlink.delete_link("br0")
    netlink.delete_link("br0")
    assert [one.name for one in netlink.links()] == ["lo"]


def test_refusals_name_what_was_tried_and_the_reason() -> None:
    netlink.add_link("br0", "bridge")
    with pytest.raises(HostError, match="cannot make the bridge `br0`: File exists"):
        netlink.add_link("br0", "bridge")
    with pytest.raises(HostError, match=r"cannot make the nonsense `x`: .*not supported") as caught:
        netlink.add_link("x", "nonsense")
    assert caught.value.hint
    with pytest.raises(HostError, match="there is no link `x`"):
        netlink.change_link("x", up=True)
    with pytest.raises(HostError, match=r"cannot change the link `br0`: .*mtu"):
        netlink.change_link("br0", mtu=1)
    with pytest.raises(HostError, match=r"cannot add a route to 10\.0\.0\.0/8: "):
        netlink.add_route(Route(destination="10.0.0.0/8", device="br0", gateway="192.0.2.1"))


def test_many_links_are_all_listed() -> None:
    for number in range(150):
        netlink.add_link(f"b{number}", "bridge")
    assert len(netlink.links()) == 151
