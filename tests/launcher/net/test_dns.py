"""Queries in, replies or verdicts out."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from launcher.net import dns

MACHINES = {
    ("fedora-0", "default"): ["10.244.1.7", "fd10:244:0:1::7"],
    ("old", "default"): ["10.244.1.8"],
    ("starting", "default"): [],
}
DOMAIN = "cluster.local"
A, NS, AAAA, ANY = 1, 2, 28, 255
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3


def lookup(name: str, namespace: str) -> Sequence[dns.Address] | None:
    found = MACHINES.get((name, namespace))
    return None if found is None else [ip_address(each) for each in found]


def question(name: str, kind: int = A) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part)
    return labels + b"\0" + struct.pack("!HH", kind, 1)


def query(name: str, kind: int = A, *, flags: int = 0x0100, option: bool = False) -> bytes:
    extra = b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0) if option else b""
    return (
        struct.pack("!HHHHHH", 0x1234, flags, 1, 0, 0, int(option)) + question(name, kind) + extra
    )


def ask(name: str, kind: int = A) -> bytes | dns.Verdict:
    return dns.answer(query(name, kind), DOMAIN, lookup)


def addresses(reply: bytes | dns.Verdict, name: str, kind: int) -> list[str]:
    assert isinstance(reply, bytes)
    count = struct.unpack_from("!H", reply, 6)[0]
    at = 12 + len(question(name, kind))
    found = []
    for _ in range(count):
        pointer, _, network, ttl, size = struct.unpack_from("!HHHIH", reply, at)
        assert (pointer, network, ttl) == (0xC00C, 1, 5)
        found.append(str(ip_address(reply[at + 12 : at + 12 + size])))
        at += 12 + size
    return found


def code(reply: bytes | dns.Verdict) -> int:
    assert isinstance(reply, bytes)
    return reply[3] & 0x0F


@pytest.mark.parametrize(
    "name",
    [
        "fedora-0.default",
        "fedora-0.default.svc",
        "fedora-0.default.svc.cluster.local",
        "Fedora-0.DEFAULT.svc.Cluster.Local",
    ],
)
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (A, ["10.244.1.7"]),
        (AAAA, ["fd10:244:0:1::7"]),
        (ANY, ["10.244.1.7", "fd10:244:0:1::7"]),
        (NS, []),
    ],
)
def test_names_of_machines(name: str, kind: int, expected: list[str]) -> None:
    reply = ask(name, kind)
    assert code(reply) == NO_ERROR
    assert addresses(reply, name, kind) == expected


def test_reply_echoes_the_question_as_it_was_asked() -> None:
    reply = ask("FedorA-0.default")
    assert isinstance(reply, bytes)
    assert reply[:4] == bytes.fromhex("1234 8580"), "authoritative, recursion desired and there"
    assert reply[12:].startswith(question("FedorA-0.default"))


@pytest.mark.parametrize("name", ["old.default", "starting.default"])
def test_no_address_of_a_family_is_no_missing_name(name: str) -> None:
    reply = ask(name, AAAA)
    assert isinstance(reply, bytes)
    assert code(reply) == NO_ERROR
    assert struct.unpack_from("!HHH", reply, 6) == (0, 1, 0), "an SOA record and no answer"
    assert b"\x02ns\x07cluster\x05local\0\x0ahostmaster" in reply


@pytest.mark.parametrize("name", ["web.site.default.svc", "web.site.default.svc.cluster.local"])
def test_names_of_hosts_below_a_service(name: str) -> None:
    reply = dns.answer(
        query(name, A),
        "cluster.local",
        lambda *asked: [ip_address("10.0.0.1")] if asked == ("web.site", "default") else None,
    )
    assert code(reply) == NO_ERROR
    assert addresses(reply, name, A) == ["10.0.0.1"]


@pytest.mark.parametrize(
    "name",
    [
        "gone.default.svc.cluster.local",
        "a.b.c.default.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
        "default.cluster.local",
        "a.b.cluster.local",
    ],
)
def test_what_is_not_in_our_zone_does_not_exist(name: str) -> None:
    assert code(ask(name)) == NO_SUCH_NAME


@pytest.mark.parametrize(
    "name", ["example.com", "gone.default", "www.example.com", "localhost", "", "gone.default.svc"]
)
def test_other_names_are_for_others(name: str) -> None:
    assert ask(name) is dns.Verdict.FORWARD


def test_option_record_is_answered_by_one() -> None:
    reply = dns.answer(query("old.default", option=True), DOMAIN, lookup)
    assert isinstance(reply, bytes)
    assert reply[10:12] == b"\0\x01"
    assert reply.endswith(b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0))


def test_failure() -> None:
    reply = dns.failure(query("example.com", option=True))
    assert reply == bytes.fromhex("1234 8182 0001 0000 0000 0000") + question("example.com")
    assert dns.failure(b"x") is None


def test_answers_to() -> None:
    asked = query("example.com")
    assert dns.answers_to(asked, b"\x12\x34\x81\x80" + bytes(8))
    assert not dns.answers_to(asked, b"\x12\x35\x81\x80" + bytes(8))
    assert not dns.answers_to(asked, asked)
    assert not dns.answers_to(asked, b"\x12\x34")


def malformed(rng: random.Random) -> bytes:
    good = query("fedora-0.default", option=rng.random() < 0.5)
    match rng.randrange(5):
        case 0:
            return good[: rng.randrange(12 + len(question("fedora-0.default")))]
        case 1:
            return good[:2] + bytes([good[2] | 0x80]) + good[3:]
        case 2:
            return good[:2] + bytes([rng.randrange(1, 16) << 3]) + good[3:]
        case 3:
            return good[:4] + struct.pack("!H", rng.choice([0, *range(2, 99)])) + good[6:]
        case _:
            return good[:12] + bytes([rng.randrange(64, 256)]) + good[13:]


def test_malformed_packets_are_dropped() -> None:
    rng = random.Random(9)
    for _ in range(10_000):
        packet = malformed(rng)
        assert dns.answer(packet, DOMAIN, lookup) is dns.Verdict.DROP, packet.hex()


def test_random_packets_raise_nothing() -> None:
    rng = random.Random(10)
    for _ in range(10_000):
        head = struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0)
        found = dns.answer(head + rng.randbytes(rng.randrange(80)), DOMAIN, lookup)
        assert isinstance(found, (bytes, dns.Verdict))
