"""Addresses of ports of overlay networks: which are free, and the MAC that goes with them.

Facts: spec/networks.md §3, IPAM. The first address given is the first host of the subnet.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
from collections.abc import Collection, Iterator, Sequence

from launcher.errors import HostError

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def allocate(
    subnets: Sequence[str], excluded: Sequence[str], taken: Collection[str]
) -> tuple[str, ...]:
    """The first free address of each subnet, with its prefix. Raises ``HostError`` when none is.

    ``taken`` are addresses without a prefix.
    """
    return tuple(_first(ipaddress.ip_network(one), excluded, taken) for one in subnets)


def fit(addresses: Sequence[str], subnets: Sequence[str]) -> tuple[str, ...]:
    """Addresses with the prefixes of the subnets that they are in; raises ``HostError``."""
    made = []
    for address in addresses:
        plain = ipaddress.ip_interface(address).ip
        network = next((net for net in map(ipaddress.ip_network, subnets) if plain in net), None)
        if network is None:
            raise HostError(f"the address {plain} is in none of {', '.join(subnets)}")
        made.append(f"{plain}/{network.prefixlen}")
    return tuple(made)


def mac_of(addresses: Sequence[str]) -> str:
    """The MAC that belongs to addresses: of the IPv4 one, else of the first; random for none."""
    found = [ipaddress.ip_interface(address).ip for address in addresses]
    four = next((one for one in found if isinstance(one, ipaddress.IPv4Address)), None)
    if four is not None:
        tail = four.packed
    elif found:
        tail = hashlib.sha256(str(found[0]).encode()).digest()[:4]
    else:
        tail = random.SystemRandom().randbytes(4)
    return "0a:58:" + tail.hex(":")


def plain(address: str) -> str:
    """An address without its prefix."""
    return address.partition("/")[0]


def _first(subnet: IpNetwork, excluded: Sequence[str], taken: Collection[str]) -> str:
    known = set(taken)
    for address in _free(subnet, excluded):
        if str(address) not in known:
            return f"{address}/{subnet.prefixlen}"
    raise HostError(
        f"failed to allocate an address: the subnet {subnet} has no free one left",
        "make the subnet larger, exclude less of it, or remove pods",
    )


def _free(subnet: IpNetwork, excluded: Sequence[str]) -> Iterator[IpAddress]:
    """Hosts of a subnet in their order; whole excluded ranges are stepped over."""
    holes = [(int(net[0]), int(net[-1])) for net in map(ipaddress.ip_network, excluded)
             if net.version == subnet.version]  # fmt: skip
    number, last = int(subnet[0]) + 1, int(subnet[-1])
    if subnet.version == 4:
        last -= 1  # the broadcast address
    kind = type(subnet[0])
    while number <= last:
        hole = next((end for start, end in holes if start <= number <= end), None)
        if hole is not None:
            number = hole + 1
            continue
        yield kind(number)
        number += 1
