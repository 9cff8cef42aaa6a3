"""Golden packets: a request in, the reply out."""

from __future__ import annotations

import random
import struct
from ipaddress import IPv6Address

import pytest

from launcher.net import dhcp6

SERVER = dhcp6.Server(
    dhcp6.Config(
        address=IPv6Address("fd10:0:2::2"),
        mac="02:00:00:00:00:00",
        nameservers=("10.244.1.1", "fd10:244:0:1::1"),
    )
)
CLIENT = bytes.fromhex("00030001 02b3f0000045")
LEASE = (86313600).to_bytes(4, "big")


def option(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def request(kind: int, *options: bytes) -> bytes:
    return bytes([kind]) + b"\x0a\x0b\x0c" + b"".join(options)


ASSOCIATION = option(3, b"IAID" + bytes(8))
ANSWER = (
    option(1, CLIENT)
    + option(2, bytes.fromhex("00030001 020000000000"))
    + option(3, b"IAID" + bytes(8) + option(5, IPv6Address("fd10:0:2::2").packed + LEASE + LEASE))
)
NAMESERVERS = option(23, IPv6Address("fd10:244:0:1::1").packed)


@pytest.mark.parametrize(("kind", "reply"), [(1, 2), (3, 7), (4, 7), (5, 7), (6, 7), (8, 7)])
def test_the_address_is_given_to_whoever_asks(kind: int, reply: int) -> None:
    answer = SERVER.answer(request(kind, option(1, CLIENT), ASSOCIATION))
    assert answer == bytes([reply]) + b"\x0a\x0b\x0c" + ANSWER + NAMESERVERS


def test_rapid_commit_is_answered_at_once() -> None:
    answer = SERVER.answer(request(1, option(14, b""), option(1, CLIENT), ASSOCIATION))
    assert answer == b"\x07\x0a\x0b\x0c" + ANSWER + option(14, b"") + NAMESERVERS


def test_who_asks_without_an_association_gets_one_of_id_0() -> None:
    answer = SERVER.answer(request(11, option(1, CLIENT)))
    assert answer == b"\x07\x0a\x0b\x0c" + ANSWER.replace(b"IAID", bytes(4)) + NAMESERVERS


@pytest.mark.parametrize("kind", [0, 2, 7, 9, 10, 12, 13, 255])
def test_other_messages_are_ignored(kind: int) -> None:
    assert SERVER.answer(request(kind, option(1, CLIENT), ASSOCIATION)) is None


def test_without_a_client_id_there_is_no_answer() -> None:
    assert SERVER.answer(request(1, ASSOCIATION)) is None


def malformed(rng: random.Random) -> bytes:
    good = request(rng.choice([1, 3, 5, 6, 8, 11]), option(1, CLIENT), ASSOCIATION)
    match rng.randrange(4):
        case 0:
            cut = rng.randrange(len(good))
            return good[: cut - 1] if cut in {4, 18} else good[:cut]
        case 1:
            return good + rng.randbytes(rng.randrange(1, 4))
        case 2:
            return bytes([rng.choice([0, 2, 7, 9, 10, *range(12, 256)])]) + good[1:]
        case _:
            return (
                good[:1]
                + rng.randbytes(3)
                + struct.pack("!HH", 1, rng.randrange(500, 65536))
                + CLIENT
            )


def test_malformed_packets_are_not_answered() -> None:
    rng = random.Random(6)
    for _ in range(10_000):
        packet = malformed(rng)
        assert SERVER.answer(packet) is None, packet.hex()


def test_random_packets_raise_nothing() -> None:
    rng = random.Random(7)
    said = [SERVER.answer(rng.randbytes(rng.randrange(80))) for _ in range(10_000)]
    assert said.count(None) > 9_000
