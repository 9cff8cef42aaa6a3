"""The advertisement byte by byte, and which solicitations count."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from launcher.net import routeradv

CONFIG = routeradv.Config(
    mac="02:00:00:00:00:00",
    mtu=1400,
    prefix=IPv6Network("fd10:0:2::/120"),
    nameservers=("10.244.1.1", "fd10:244:0:1::1"),
)


def test_advertisement() -> None:
    assert routeradv.advertisement(CONFIG).hex(" ", 4) == (
        "86000000 40c00708 00000000 00000000 "  # managed, other; lifetime 1800
        "01010200 00000000 "
        "05010000 00000578 "
        "03047880 ffffffff ffffffff 00000000 fd100000 00020000 00000000 00000000 "
        "19030000 00000708 fd100244 00000001 00000000 00000001"
    )


def test_without_name_servers_of_its_family_none_are_told() -> None:
    message = routeradv.advertisement(replace(CONFIG, nameservers=("10.244.1.1",)))
    assert len(message) == 16 + 8 + 8 + 32


@pytest.mark.parametrize(
    ("packet", "counts"),
    [
        ("85000000 00000000", True),
        ("85000000 00000000 0101 02b3f0000045", True),
        ("86000000 00000000", False),
        ("85010000 00000000", False),
        ("85000000 000000", False),
        ("85000000 00000000 0100 02b3f0000045", False),
        ("85000000 00000000 0102 02b3f0000045", False),
        ("85000000 00000000 01", False),
    ],
)
def test_solicitations(packet: str, counts: bool) -> None:
    assert routeradv.is_solicitation(bytes.fromhex(packet)) is counts


def test_random_packets_raise_nothing() -> None:
    rng = random.Random(8)
    said = [
        routeradv.is_solicitation(b"\x85\0" + rng.randbytes(rng.randrange(60)))
        for _ in range(10_000)
    ]
    assert said.count(False) > 9_000
