"""Addresses of Services: where they come from, and which is next."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Collection

CIDR = "10.96.0.0/16"
"""As kubeadm's, but no larger than one machine needs."""
API_SERVER = "10.96.0.1"
"""The first address, as kube-apiserver takes it for its own Service."""
NAME_SERVICE = "10.96.0.10"
"""The tenth, as kubeadm takes it for the cluster's name service."""

_RESERVED = 16  # the first ones are asked for by number
NODE_PORTS = range(30000, 32768)


def is_inside(address: str) -> bool:
    """Whether an address can be a service's."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(CIDR)
    except ValueError:
        return False


def allocate(seed: str, used: Collection[str]) -> str:
    """A free address, the same for the same seed while it is free; empty when all are in use."""
    network = ipaddress.ip_network(CIDR)
    size = network.num_addresses - _RESERVED - 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    for step in range(min(size, len(used) + 1)):
        found = str(network[_RESERVED + (start + step) % size])
        if found not in used:
            return found
    return ""


def allocate_port(seed: str, used: Collection[int]) -> int:
    """A free node port, likewise; 0 when all are in use."""
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    for step in range(min(len(NODE_PORTS), len(used) + 1)):
        found = NODE_PORTS[(start + step) % len(NODE_PORTS)]
        if found not in used:
            return found
    return 0
