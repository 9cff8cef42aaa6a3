"""The codec against bytes laid out by hand; ``tests/host`` has it against the kernel."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.net import rtnetlink
from launcher.net.model import Address, Link
from launcher.net.rtnetlink import ADD, CHANGE, LinkChange, LinkRow, Message, RouteRow, Type


def attribute(kind: int, payload: bytes) -> bytes:
    padding = bytes(-len(payload) % 4)
    return struct.pack("=HH", 4 + len(payload), kind) + payload + padding


def test_a_message_has_a_header() -> None:
    assert rtnetlink.build(Type.NEW_LINK, CHANGE, 9, b"body") == (
        struct.pack("=IHHII", 20, 16, 5, 9, 0) + b"body"
    )


@given(st.lists(st.tuples(st.sampled_from(list(Type)), st.binary(max_size=40)), max_size=5))
def test_messages_of_a_datagram_are_read_one_by_one(sent: list[tuple[Type, bytes]]) -> None:
    data = b"".join(
        rtnetlink.build(kind, ADD, number, body) + bytes(-len(body) % 4)
        for number, (kind, body) in enumerate(sent)
    )
    read = list(rtnetlink.parse(data))
    assert read == [Message(kind, ADD, n, body) for n, (kind, body) in enumerate(sent)]


def test_a_message_longer_than_the_datagram_is_refused() -> None:
    with pytest.raises(ValueError, match="netlink message of 99 bytes in 16"):
        list(rtnetlink.parse(struct.pack("=IHHII", 99, 16, 0, 0, 0)))


@given(st.dictionaries(st.integers(1, 99), st.binary(max_size=20)))
def test_attributes_are_read_back(given_: dict[int, bytes]) -> None:
    data = b"".join(attribute(kind, payload) for kind, payload in given_.items())
    assert rtnetlink.parse_attributes(data) == given_


def test_a_broken_attribute_ends_the_list() -> None:
    assert rtnetlink.parse_attributes(attribute(1, b"x") + b"\1\0\2\0") == {1: b"x"}


def test_a_veth_names_its_peer_and_where_it_goes() -> None:
    body = rtnetlink.build_new_link("vl-n1", "veth", peer="eth0", peer_netns_fd=5)
    attributes = rtnetlink.parse_attributes(body[16:])
    assert attributes[3] == b"vl-n1\0"
    info = rtnetlink.parse_attributes(attributes[18])
    assert info[1] == b"veth"
    peer = rtnetlink.parse_attributes(rtnetlink.parse_attributes(info[2])[1][16:])
    assert peer == {3: b"eth0\0", 28: struct.pack("=I", 5)}


def test_a_bridge_has_its_mac_from_the_start() -> None:
    body = rtnetlink.build_new_link("k6t-eth0", "bridge", mac="02:00:00:00:00:00")
    assert rtnetlink.parse_attributes(body[16:])[1] == b"\2\0\0\0\0\0"


def test_a_change_names_what_it_changes() -> None:
    body = rtnetlink.build_change_link(
        7, LinkChange(up=True, mac="02:00:00:00:00:01", mtu=1400, master=3)
    )
    assert struct.unpack("=BxHiII", body[:16]) == (0, 0, 7, 1, 1)
    assert rtnetlink.parse_attributes(body[16:]) == {
        1: b"\2\0\0\0\0\1",
        4: struct.pack("=I", 1400),
        10: struct.pack("=I", 3),
    }
    assert rtnetlink.build_change_link(7) == struct.pack("=BxHiII", 0, 0, 7, 0, 0)
    assert struct.unpack("=BxHiII", rtnetlink.build_change_link(7, LinkChange(up=False))) == (
        0,
        0,
        7,
        0,
        1,
    )


def test_a_name_and_a_ports_learning_are_changed_by_themselves() -> None:
    body = rtnetlink.build_change_link(7, LinkChange(name="eth0-nic"))
    assert rtnetlink.parse_attributes(body[16:]) == {3: b"eth0-nic\0"}
    body = rtnetlink.build_change_link(7, LinkChange(learning=False))
    info = rtnetlink.parse_attributes(rtnetlink.parse_attributes(body[16:])[18])
    assert info[4] == b"bridge\0"
    assert rtnetlink.parse_attributes(info[5]) == {8: b"\0"}


@pytest.mark.parametrize("learning", [True, False])
def test_a_port_of_a_bridge_tells_whether_it_learns(learning: bool) -> None:
    port = attribute(4, b"bridge\0") + attribute(5, attribute(8, bytes([learning])))
    body = bytes(16) + attribute(3, b"a\0") + attribute(18, port)
    assert rtnetlink.parse_link(body).learning is learning
    assert rtnetlink.parse_link(bytes(16) + attribute(3, b"a\0")).learning is None


def test_an_ipv4_address_has_a_broadcast_where_there_is_one() -> None:
    wide = rtnetlink.parse_attributes(rtnetlink.build_address(1, Address.parse("10.0.2.1/24"))[8:])
    assert wide[4] == bytes([10, 0, 2, 255])
    narrow = rtnetlink.parse_attributes(
        rtnetlink.build_address(1, Address.parse("10.0.2.1/31"))[8:]
    )
    assert 4 not in narrow


@pytest.mark.parametrize("text", ["10.0.2.1/24", "10.0.0.1/32", "fd10:0:2::1/120"])
def test_an_address_is_read_back(text: str) -> None:
    address = Address.parse(text)
    assert rtnetlink.parse_address(rtnetlink.build_address(3, address)) == (3, address)


def test_link_local_addresses_are_the_kernels() -> None:
    body = struct.pack("=BBBBI", 10, 64, 0, 253, 2) + attribute(1, bytes.fromhex("fe80" + "0" * 28))
    assert rtnetlink.parse_address(body) is None


@pytest.mark.parametrize(
    ("destination", "gateway"),
    [
        ("0.0.0.0/0", "10.0.0.1"),
        ("::/0", "fe80::1"),
        ("10.244.1.0/24", ""),
        ("fd10:244:0:1::/64", "fd10:244::6"),
    ],
)
def test_a_route_is_read_back(destination: str, gateway: str) -> None:
    body = rtnetlink.build_route(destination, 4, gateway)
    assert rtnetlink.parse_route(body) == RouteRow(destination, 4, gateway)


def test_routes_that_are_not_plain_are_left_out() -> None:
    body = bytearray(rtnetlink.build_route("10.0.0.0/8", 4))
    local, other_table = bytearray(body), bytearray(body)
    local[7] = 2  # RTN_LOCAL
    other_table[4] = 255  # RT_TABLE_LOCAL
    assert rtnetlink.parse_route(bytes(local)) is None
    assert rtnetlink.parse_route(bytes(other_table)) is None
    without_device = body[:12]
    assert rtnetlink.parse_route(bytes(without_device)) is None


def link_body(*attributes: bytes, flags: int = 1) -> bytes:
    return struct.pack("=BxHiII", 0, 1, 5, flags, 0) + b"".join(attributes)


def test_a_link_is_read() -> None:
    body = link_body(
        attribute(3, b"k6t-eth0\0"),
        attribute(1, bytes.fromhex("020000000000")),
        attribute(4, struct.pack("=I", 1400)),
        attribute(10, struct.pack("=I", 2)),
        attribute(18 | 0x8000, attribute(1, b"bridge\0")),
    )
    assert rtnetlink.parse_link(body) == LinkRow(
        index=5,
        name="k6t-eth0",
        kind="bridge",
        mac="02:00:00:00:00:00",
        mtu=1400,
        master=2,
        up=True,
    )


def test_a_tap_is_told_from_a_tun() -> None:
    def body(kind: int) -> bytes:
        info = attribute(1, b"tun\0") + attribute(2 | 0x8000, attribute(3, bytes([kind])))
        return link_body(attribute(3, b"tap0\0"), attribute(18, info), flags=0)

    assert rtnetlink.parse_link(body(2)).kind == "tap"
    assert rtnetlink.parse_link(body(1)).kind == "tun"


def test_links_are_joined_with_addresses_and_masters() -> None:
    def row(index: int, name: str, master: int) -> LinkRow:
        return LinkRow(index, name, "veth", "", 1500, master, up=False)

    address = Address.parse("10.0.2.1/24")
    links = rtnetlink.join([row(1, "br0", 0), row(2, "a", 1), row(3, "b", 99)], [(1, address)])
    assert links == (
        Link(name="br0", kind="veth", mtu=1500, master="", addresses=(address,), up=False),
        Link(name="a", kind="veth", mtu=1500, master="br0", addresses=(), up=False),
        Link(name="b", kind="veth", mtu=1500, master="", addresses=(), up=False),
    )


def test_an_error_has_a_number_and_a_reason() -> None:
    header = struct.pack("=IHHII", 36, 16, 5, 1, 0)
    told = attribute(1, b"Device is busy\0")
    capped = Message(Type.ERROR, 0x100 | 0x200, 1, struct.pack("=i", -16) + header + told)
    assert rtnetlink.parse_error(capped) == (16, "Device is busy")
    whole = Message(Type.ERROR, 0x200, 1, struct.pack("=i", -16) + header + bytes(20) + told)
    assert rtnetlink.parse_error(whole) == (16, "Device is busy")
    fine = Message(Type.ERROR, 0x100, 1, struct.pack("=i", 0) + header)
    assert rtnetlink.parse_error(fine) == (0, "")


def test_lists_ask_for_all_families() -> None:
    assert len(rtnetlink.build_list(Type.GET_LINK)) == 16
    assert len(rtnetlink.build_list(Type.GET_ADDRESS)) == 8
    assert rtnetlink.build_list(Type.GET_ROUTE) == bytes(12)
