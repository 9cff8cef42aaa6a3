"""Golden packets: a request in, the reply's options out."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from launcher.errors import SpecError
from launcher.net import dhcp4
from launcher.spec import DhcpOptions, PrivateOption

CONFIG = dhcp4.Config(
    address=IPv4Interface("10.0.2.2/24"),
    server=IPv4Address("10.0.2.1"),
    router=IPv4Address("10.0.2.1"),
    hostname="fedora-0",
    mtu=1400,
    nameservers=("10.244.1.1", "fd00::1", "10.244.1.2"),
    search=("default.svc.cluster.local", "cluster.local"),
)
MAC = bytes.fromhex("02b3f0000045")
ANYWHERE = ("0.0.0.0", 68)
COOKIE = b"\x63\x82\x53\x63"


def request(kind: int, *, mac: bytes = MAC, flags: int = 0, options: bytes = b"") -> bytes:
    head = struct.pack(
        "!BBBBIHHIIII16s192x4s", 1, 1, 6, 0, 0xABCD1234, 7, flags, 1, 2, 3, 0x0A000001, mac, COOKIE
    )
    return head + bytes([53, 1, kind]) + options + b"\xff"


def options(packet: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 240
    while packet[at] != 255:
        length = packet[at + 1]
        found.append((packet[at], packet[at + 2 : at + 2 + length]))
        at += 2 + length
    assert not packet[at + 1 :].strip(b"\0")
    return found


def answer(config: dhcp4.Config = CONFIG, packet: bytes | None = None) -> dict[int, bytes]:
    reply = dhcp4.Server(config).answer(packet or request(1), ANYWHERE)
    assert reply
    return dict(options(reply.packet))


def test_reply_to_discover_is_an_offer_of_the_address() -> None:
    reply = dhcp4.Server(CONFIG).answer(request(1, flags=0x0100), ANYWHERE)
    assert reply
    packet = reply.packet
    assert packet[:4] == bytes([2, 1, 6, 0])
    assert packet[4:8] == bytes.fromhex("abcd1234")
    assert packet[8:10] == b"\0\0", "secs"
    assert packet[10:12] == b"\x01\x00", "flags are copied"
    assert packet[12:16] == b"\0\0\0\0", "ciaddr"
    assert packet[16:20] == bytes([10, 0, 2, 2]), "yiaddr"
    assert packet[20:24] == b"\0\0\0\0", "siaddr"
    assert packet[24:28] == bytes([10, 0, 0, 1]), "giaddr is copied"
    assert packet[28:44] == MAC.ljust(16, b"\0")
    assert packet[236:240] == COOKIE
    assert len(packet) >= 272
    assert options(packet) == [
        (53, b"\x02"),
        (54, bytes([10, 0, 2, 1])),
        (51, (86313600).to_bytes(4, "big")),
        (1, bytes([255, 255, 255, 0])),
        (3, bytes([10, 0, 2, 1])),
        (6, bytes([10, 244, 1, 1, 10, 244, 1, 2])),
        (12, b"fedora-0"),
        (15, b"default.svc.cluster.local"),
        (26, (1400).to_bytes(2, "big")),
        (119, b"\x07default\x03svc\x07cluster\x05local\0\x07cluster\x05local\0"),
    ]


def test_reply_to_request_is_an_ack_whatever_was_requested() -> None:
    other = bytes([50, 4, 192, 0, 2, 1, 54, 4, 192, 0, 2, 9])
    assert answer(packet=request(3, options=other))[53] == b"\x05"


@pytest.mark.parametrize("kind", [0, 2, 4, 5, 6, 7, 8, 9, 200])
def test_other_messages_are_ignored(kind: int) -> None:
    assert dhcp4.Server(CONFIG).answer(request(kind), ANYWHERE) is None


@pytest.mark.parametrize(
    ("source", "flags", "address"),
    [
        (("0.0.0.0", 68), 0, "255.255.255.255"),
        (("10.0.2.2", 68), 0, "10.0.2.2"),
        (("10.0.2.2", 1068), 0x8000, "255.255.255.255"),
    ],
)
def test_where_the_reply_goes(source: tuple[str, int], flags: int, address: str) -> None:
    reply = dhcp4.Server(CONFIG).answer(request(1, flags=flags), source)
    assert reply
    assert (reply.address, reply.port) == (address, source[1])


def test_only_the_mac_of_a_bridged_guest_is_answered() -> None:
    server = dhcp4.Server(replace(CONFIG, only_mac="02:B3:F0:00:00:45"))
    assert server.answer(request(1), ANYWHERE)
    assert server.answer(request(1, mac=b"\x02\0\0\0\0\x01"), ANYWHERE) is None


@pytest.mark.parametrize(
    ("nameservers", "value"),
    [((), bytes([8, 8, 8, 8])), (("fd00::1",), b""), (("fe80::1%eth0", "1.2.3.4"), b"\1\2\3\4")],
)
def test_name_servers(nameservers: tuple[str, ...], value: bytes) -> None:
    assert answer(replace(CONFIG, nameservers=nameservers))[6] == value


def test_a_search_domain_with_a_dot_at_its_end_is_sent_as_it_is_written() -> None:
    found = answer(replace(CONFIG, search=("a.org.",)))
    assert found[119] == b"\x01a\x03org\x00\x00"


def test_no_search_list_no_domain() -> None:
    found = answer(replace(CONFIG, search=()))
    assert 15 not in found
    assert 119 not in found


def test_no_router_no_option() -> None:
    assert 3 not in answer(replace(CONFIG, router=None))


def test_classless_routes_have_the_default_last() -> None:
    gateway = IPv4Address("10.131.0.1")
    routes = (
        dhcp4.Route(destination=IPv4Network("0.0.0.0/0"), gateway=gateway),
        dhcp4.Route(destination=IPv4Network("10.128.0.0/14"), gateway=gateway),
        dhcp4.Route(destination=IPv4Network("100.64.0.0/16"), gateway=gateway),
        dhcp4.Route(destination=IPv4Network("192.0.2.7/32")),
    )
    assert answer(replace(CONFIG, routes=routes))[121] == bytes.fromhex(
        "0e0a80 0a830001 106440 0a830001 20c0000207 00000000 00 0a830001"
    )


def test_options_of_the_interface() -> None:
    extra = DhcpOptions(
        boot_file_name="config.txt",
        tftp_server_name="tftp.example",
        ntp_servers=("192.0.2.1", "192.0.2.2"),
        private_options=(
            PrivateOption(option=240, value="extra"),
            PrivateOption(option=223, value="not private"),
        ),
    )
    found = answer(replace(CONFIG, extra=extra))
    assert found[66] == b"tftp.example"
    assert found[67] == b"config.txt"
    assert found[42] == bytes([192, 0, 2, 1, 192, 0, 2, 2])
    assert found[240] == b"extra"
    assert 223 not in found


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"extra": DhcpOptions(ntp_servers=("fd00::1",))}, "`fd00::1` is not an IPv4 address"),
        ({"search": ("-bad.example",)}, "`-bad.example` is not a domain name"),
        ({"search": ("a.1com",)}, "`a.1com` is not a domain name"),
        ({"search": ("a.c_m",)}, "`a.c_m` is not a domain name"),
        ({"search": (".",)}, "`.` is not a domain name"),
        ({"search": tuple(f"{n}.{'a' * 60}.example" for n in range(5))}, "option 119 has"),
        (
            {"extra": DhcpOptions(private_options=(PrivateOption(option=224, value="x" * 256),))},
            "option 224 has 256 bytes",
        ),
    ],
)
def test_options_that_fit_no_packet(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        dhcp4.Server(replace(CONFIG, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "subdomain", "expected"),
    [
        ((), "", ("cluster.local",)),
        (("Default.SVC.cluster.local",), "", ("default.svc.cluster.local",)),
        (
            ("default.svc.cluster.local", "svc.cluster.local"),
            "sub",
            ("sub.default.svc.cluster.local", "default.svc.cluster.local", "svc.cluster.local"),
        ),
        (("sub.default.svc.cluster.local",), "sub", ("sub.default.svc.cluster.local",)),
        (("example.com",), "sub", ("example.com",)),
    ],
)
def test_search_list(search: tuple[str, ...], subdomain: str, expected: tuple[str, ...]) -> None:
    assert dhcp4.search_list(search, subdomain) == expected


def malformed(rng: random.Random) -> bytes:
    """A request with something broken that must keep it from being answered."""
    packet = bytearray(request(rng.choice([1, 3])))
    match rng.randrange(6):
        case 0:
            return bytes(packet[: rng.randrange(240)])
        case 1:
            packet[236 + rng.randrange(4)] ^= rng.randrange(1, 256)
        case 2:
            packet[2] = rng.randrange(17, 256)
        case 3:
            packet[0] = rng.choice([0, 2, 255])
        case 4:
            packet[240:] = bytes([rng.randrange(1, 53), rng.randrange(200, 256)]) + rng.randbytes(9)
        case _:
            return rng.randbytes(rng.randrange(600))
    return bytes(packet)


def test_malformed_packets_are_not_answered() -> None:
    rng = random.Random(4)
    server = dhcp4.Server(CONFIG)
    for _ in range(10_000):
        packet = malformed(rng)
        assert server.answer(packet, ANYWHERE) is None, packet.hex()


def test_mutated_packets_raise_nothing() -> None:
    rng = random.Random(5)
    server = dhcp4.Server(replace(CONFIG, only_mac="02:b3:f0:00:00:45"))
    replies = 0
    for _ in range(10_000):
        packet = bytearray(request(1, options=rng.randbytes(rng.randrange(40))))
        for _ in range(rng.randrange(1, 6)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        replies += (
            server.answer(bytes(packet[: rng.randrange(len(packet) + 1)]), ANYWHERE) is not None
        )
    assert 0 < replies < 10_000


def test_what_was_asked_is_counted() -> None:
    server = dhcp4.Server(replace(CONFIG, only_mac="02:b3:f0:00:00:45"))
    for packet in (request(1), request(1), request(3), request(1, mac=b"\2\0\0\0\0\7")):
        server.answer(packet, ANYWHERE)
    assert (server.address, server.asked) == ("10.0.2.2", dhcp4.Asked(2, 1, "02:00:00:00:00:07"))
