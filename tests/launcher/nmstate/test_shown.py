"""From the kernel's rows to a state."""

from launcher.net.bridgevlans import PortVlans
from launcher.net.devices import Device, DeviceAddress, DeviceRoute
from launcher.nmstate import schema, shown
from launcher.nmstate.schema import PortVlan
from launcher.nmstate.shown import Kept, Observation

SEEN = Observation(
    devices=(
        Device(index=1, name="lo", loopback=True, up=True),
        Device(
            index=2,
            name="br1",
            kind="bridge",
            mac="02:00:00:00:00:0a",
            mtu=1500,
            up=True,
            options={"stp": True, "priority": 4096, "vlan-filtering": True},
        ),
        Device(index=3, name="eth1", kind="veth", master=2, up=True, port={"stp-path-cost": 2}),
        Device(index=4, name="veth12", kind="veth", master=2, up=True, port={"stp-path-cost": 2}),
        Device(index=5, name="v33", kind="vlan", base=3, options={"id": 33}),
        Device(index=6, name="bond0", kind="bond", options={"mode": "active-backup", "primary": 7}),
        Device(index=7, name="ens1", kind="", master=6),
        Device(
            index=8,
            name="vx",
            kind="vxlan",
            options={"id": 7, "base-iface": 3, "remote6": "fd00::1"},
        ),
        Device(index=9, name="ve1", kind="veth", base=10),
        Device(index=10, name="ve2", kind="veth", base=9),
        Device(index=11, name="odd", kind="ifb"),
    ),
    addresses=(DeviceAddress(index=2, ip="10.0.0.1", prefix=24),),
    routes=(
        DeviceRoute(destination="0.0.0.0/0", index=2, gateway="10.0.0.9"),
        DeviceRoute(destination="10.0.0.0/24", index=2, protocol=2),
        DeviceRoute(destination="10.7.0.0/24", index=99),
        DeviceRoute(destination="10.8.0.0/24", kind="blackhole"),
    ),
    vlans={
        3: (PortVlans(first=1, last=1, native=True), PortVlans(first=2, last=4094)),
        4: (PortVlans(first=33, last=33, native=True),),
    },
    without_ipv6=frozenset({"br1"}),
    kept=Kept(servers=("9.9.9.9",), dhcp=(("br1", 4),), descriptions={"br1": "lab"}),
)


def one(name: str) -> dict:
    return next(each for each in schema.listed(shown.state_of(SEEN)) if each["name"] == name)


def test_a_bridge() -> None:
    found = one("br1")
    assert found["type"] == "linux-bridge"
    assert found["mac-address"] == "02:00:00:00:00:0A"
    assert found["description"] == "lab"
    assert found["ipv4"] == {
        "enabled": True,
        "dhcp": True,
        "address": [{"ip": "10.0.0.1", "prefix-length": 24}],
    }
    assert found["ipv6"] == {"enabled": False}
    assert found["bridge"]["options"]["stp"] == {"enabled": True, "priority": 4096}
    first, second = found["bridge"]["port"]
    assert first["vlan"] == {
        "mode": "trunk",
        "enable-native": False,
        "trunk-tags": [{"id-range": {"min": 2, "max": 4094}}],
    }
    assert second["vlan"] == {"mode": "access", "tag": 33, "trunk-tags": []}


def test_kinds_of_links() -> None:
    kinds = {each["name"]: each["type"] for each in schema.listed(shown.state_of(SEEN))}
    assert kinds == {
        "bond0": "bond",
        "br1": "linux-bridge",
        "ens1": "ethernet",
        "eth1": "ethernet",
        "lo": "loopback",
        "odd": "unknown",
        "v33": "vlan",
        "ve1": "veth",
        "ve2": "veth",
        "veth12": "ethernet",
        "vx": "vxlan",
    }
    assert one("v33")["vlan"] == {"base-iface": "eth1", "id": 33, "protocol": "802.1q"}
    assert one("vx")["vxlan"] == {"base-iface": "eth1", "id": 7, "remote": "fd00::1"}
    assert one("ve1")["veth"] == {"peer": "ve2"}
    assert one("bond0")["link-aggregation"] == {
        "mode": "active-backup",
        "options": {"primary": "ens1"},
        "port": ["ens1"],
    }


def test_routes_that_somebody_configured_are_told_apart() -> None:
    routes = shown.state_of(SEEN).routes
    running = [each.destination for each in routes.running]
    assert running == ["0.0.0.0/0", "10.0.0.0/24", "10.8.0.0/24"]
    assert [each.destination for each in routes.config] == ["0.0.0.0/0", "10.8.0.0/24"]
    assert (routes.config[1].route_type, routes.config[1].next_hop_interface) == ("blackhole", None)


def test_links_of_pods_are_hidden_also_as_ports() -> None:
    state = shown.visible(shown.state_of(SEEN))
    assert state.interface("veth12") is None
    assert [port.name for port in state.interface("br1").bridge.port] == ["eth1"]


def test_vlans_of_a_port() -> None:
    assert shown.port_vlan([PortVlans(first=1, last=1, native=True)]) == PortVlan()
    found = shown.port_vlan([PortVlans(first=7, last=7, native=True), PortVlans(first=9, last=9)])
    assert (found.mode, found.tag, found.enable_native) == ("trunk", 7, True)
    assert found.trunk_tags[0].id == 9
