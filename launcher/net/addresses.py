"""Arithmetic on IP networks: who in a network has which address."""

from __future__ import annotations

import ipaddress

from launcher.errors import SpecError
from launcher.net.model import Address


def gateway_and_guest(cidr: str, path: str = "cidr") -> tuple[Address, Address]:
    """The bridge's and the guest's address in a masquerade network: its first two.

    Host bits in ``cidr`` are ignored (``10.11.12.57/24`` means ``10.11.12.0/24``). ``path`` is the
    field to name in the ``SpecError`` for a CIDR that is none or has no room for two.
    """
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        raise SpecError(path, f"`{cidr}` is not a CIDR like `10.0.2.0/24`") from None
    if network.prefixlen > network.max_prefixlen - 2:
        raise SpecError(path, f"`{cidr}` is too small: at least 2 host addresses are required")
    first = network.network_address + 1
    prefix = network.prefixlen
    return Address(ip=str(first), prefix=prefix), Address(ip=str(first + 1), prefix=prefix)


def global_addresses(addresses: tuple[Address, ...] | None, version: int) -> tuple[Address, ...]:
    """The addresses of an IP version that other machines can reach; private ones count."""
    return tuple(a for a in addresses or () if a.version == version and _is_global(a.ip))


def normal_mac(mac: str) -> str:
    """A MAC in lower case with colons, whichever way it was written; empty for none."""
    digits = mac.lower().replace("-", "").replace(":", "").replace(".", "")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def subnet(cidr: str, prefix: int, number: int) -> str:
    """The subnet of a prefix length and number (from 0): 10.244.0.0/16, 24, 2 is 10.244.2.0/24.

    Raises ``ValueError`` when the network does not hold so many.
    """
    network = ipaddress.ip_network(cidr)
    if number >= 2 ** (prefix - network.prefixlen):
        raise ValueError(f"{cidr} has no subnet /{prefix} of number {number}")
    size = 2 ** (network.max_prefixlen - prefix)
    return f"{network.network_address + number * size}/{prefix}"


def host(cidr: str, number: int) -> Address:
    """The address of a number in a network, with the network's prefix."""
    network = ipaddress.ip_network(cidr)
    return Address(ip=str(network.network_address + number), prefix=network.prefixlen)


def overlap(one: str, other: str) -> bool:
    """Whether two CIDRs have an address in common."""
    first, second = (ipaddress.ip_network(cidr, strict=False) for cidr in (one, other))
    return first.version == second.version and first.overlaps(second)


def _is_global(ip: str) -> bool:
    found = ipaddress.ip_address(ip)
    return not (
        found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified
    )
