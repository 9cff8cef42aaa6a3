"""Links, addresses and routes against bytes."""

import struct

from launcher.net import devices, linkoptions
from launcher.net.devices import DeviceAddress, DeviceRoute
from launcher.net.rtnetlink import NESTED, build_attribute


def test_a_link() -> None:
    info = build_attribute(1, b"vlan\0") + build_attribute(
        2 | NESTED, linkoptions.build(linkoptions.VLAN, {"id": 33})
    )
    body = struct.pack("=BxHiII", 0, 1, 5, 1, 0)
    for number, payload in (
        (3, b"v33\0"),
        (1, bytes(6)),
        (4, (1400).to_bytes(4, "little")),
        (5, b"\2\0\0\0"),
        (33, b"\1"),
    ):
        body += build_attribute(number, payload)
    found = devices.parse_link(body + build_attribute(18 | NESTED, info))
    assert (found.name, found.kind, found.mtu, found.base, found.up, found.carrier) == (
        "v33",
        "vlan",
        1400,
        2,
        True,
        True,
    )
    assert found.options == {"id": 33}
    assert found.port is None


def test_the_other_end_of_a_cable_is_of_another_namespace() -> None:
    body = struct.pack("=BxHiII", 0, 1, 5, 0, 0) + build_attribute(3, b"eth1\0")
    body += build_attribute(5, b"\2\0\0\0") + build_attribute(37, b"\0\0\0\0")
    assert devices.parse_link(body).base == 0


def test_an_address() -> None:
    body = struct.pack("=BBBBI", 2, 24, 0x80, 0, 3) + build_attribute(2, bytes([10, 0, 0, 1]))
    assert devices.parse_address(body) == DeviceAddress(index=3, ip="10.0.0.1", prefix=24)


def test_routes_there_and_back() -> None:
    for route in (
        DeviceRoute(destination="0.0.0.0/0", index=3, gateway="10.0.0.1", metric=100, table=1000),
        DeviceRoute(destination="10.0.0.0/8", index=3),
        DeviceRoute(destination="fd00::/64", index=3, gateway="fe80::1"),
        DeviceRoute(destination="10.7.0.0/16", kind="blackhole", metric=7),
        DeviceRoute(destination="fd07::/64", kind="prohibit"),
    ):
        assert devices.parse_route(devices.build_route(route)) == route


def test_refusals_that_the_kernel_made_itself_are_left_out() -> None:
    own = DeviceRoute(destination="::/0", kind="unreachable", protocol=2)
    assert devices.parse_route(devices.build_route(own)) is None


def test_routes_to_this_host_are_left_out() -> None:
    assert (
        devices.parse_route(
            devices.build_route(DeviceRoute(destination="10.0.0.1/32", index=3, table=255))
        )
        is None
    )
