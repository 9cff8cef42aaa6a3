"""Ops on links that the cases of ``test_plan`` do not show."""

from launcher.nmstate import linkplan, schema
from launcher.nmstate.schema import Interface, PortVlan


def interface(**fields: object) -> Interface:
    (found,) = schema.read(
        {"interfaces": [{"name": "bond0", "type": "bond", "state": "up", **fields}]}
    ).interfaces
    return found


def told(wanted: Interface, there: Interface) -> list[str]:
    return [
        op.describe()
        for op in (*linkplan.settings(wanted, there), *linkplan.activation(wanted, there))
    ]


def test_a_bond_changes_its_mode_without_ports_and_down() -> None:
    there = interface(**{"link-aggregation": {"mode": "802.3ad", "port": ["a", "b"]}})
    wanted = interface(**{"link-aggregation": {"mode": "active-backup", "port": ["a", "b"]}})
    assert told(wanted, there) == [
        "ip link set a nomaster",
        "ip link set b nomaster",
        "ip link set bond0 down",
        "ip link set bond0 type bond mode active-backup",
        "ip link set bond0 up",
    ]
    ports = {name: Interface(name=name, type="ethernet", controller="bond0") for name in ("a", "b")}
    again = [
        op.describe()
        for op in linkplan.attachments((*ports.values(), wanted), {**ports, "bond0": there})
    ]
    assert again[:2] == ["ip link set a down", "ip link set a master bond0"]


def test_options_of_other_modes_are_left_out() -> None:
    assert linkplan.fits("lacp_rate", "802.3ad")
    assert not linkplan.fits("lacp_rate", "balance-rr")
    assert not linkplan.fits("arp_interval", "802.3ad")
    assert not linkplan.fits("arp_missed_max", "802.3ad")
    assert linkplan.fits("miimon", "balance-alb")


def test_a_bond_s_primary_is_set_when_it_has_its_ports() -> None:
    wanted = interface(
        **{"link-aggregation": {"mode": "active-backup", "options": {"primary": "a", "miimon": 1}}}
    )
    (made,) = linkplan.creations([wanted])
    assert made.options == {"mode": "active-backup", "miimon": 1}
    (late,) = linkplan.attachments([wanted], {})
    assert late.options == {"primary": "a"}


def test_asking_by_dhcp_begins_when_it_is_up_and_ends_before_anything_else() -> None:
    asks = interface(ipv4={"enabled": True, "dhcp": True})
    quiet = interface(
        ipv4={"enabled": True, "dhcp": False, "address": [{"ip": "10.0.0.1", "prefix-length": 8}]}
    )
    down = interface(state="down", ipv4={"enabled": False})
    assert told(asks, down) == ["ip link set bond0 up", "udhcpc -i bond0"]
    assert told(quiet, asks)[0].startswith("pkill")


def test_a_default_route_by_dhcp_is_taken_only_when_it_may() -> None:
    down = interface(state="down", ipv4={"enabled": False})
    for ip, gateway, metric in (
        ({}, True, 0),
        ({"auto-gateway": False}, False, 0),
        ({"auto-routes": False}, False, 0),
        ({"auto-route-metric": 200, "auto-gateway": True}, True, 200),
    ):
        wanted = interface(ipv4={"enabled": True, "dhcp": True, **ip})
        *_, op = linkplan.activation(wanted, down)
        assert (op.gateway, op.metric) == (gateway, metric)


def test_routers_are_listened_to() -> None:
    there = interface(ipv6={"enabled": False})
    wanted = interface(ipv6={"enabled": True, "autoconf": True})
    assert told(wanted, there) == [
        "sysctl -w net/ipv6/conf/bond0/disable_ipv6=0",
        "sysctl -w net/ipv6/conf/bond0/accept_ra=2",
    ]


def test_link_local_addresses_are_the_kernel_s() -> None:
    there = interface(ipv6={"enabled": True, "address": [{"ip": "fe80::1", "prefix-length": 64}]})
    wanted = interface(ipv6={"enabled": True, "address": [{"ip": "fd00::1", "prefix-length": 64}]})
    assert told(wanted, there) == ["ip address add fd00::1/64 dev bond0 nodad"]


def test_untagged_frames_are_of_vlan_1_unless_told() -> None:
    assert [str(each) for each in linkplan.vlans(PortVlan(mode="trunk"))] == ["1 pvid untagged"]
    assert [str(each) for each in linkplan.vlans(PortVlan(mode="access", tag=5))] == [
        "5 pvid untagged"
    ]
    assert linkplan.vlans(None) == ()
