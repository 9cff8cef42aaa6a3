"""Addresses of services as nft rules of a node: what goes there goes on to one of the backends.

Connections get the node's address on their way, since a backend may be on the same bridge as its
client: its answers would find the shorter way and never be translated back.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

TABLE = "virtctl-services"
_FAMILY = "ip"


class Backend(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Where a connection can go."""

    address: str
    port: int


class VirtualService(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One port of a service's address. ``protocol`` is tcp, udp or sctp.

    A ``sticky`` one sends a client to the same backend each time.
    """

    address: str
    protocol: str
    port: int
    backends: tuple[Backend, ...] = ()
    sticky: bool = False


def build_commands(services: Iterable[VirtualService], cidr: str) -> str:
    """What makes the rules those of ``services``, in one go, for ``nft -f``.

    ``cidr`` holds all addresses of services; what has no backend there is refused at once.
    """
    rules = [f"\t\t{_rule(service)}" for service in sorted(services) if service.backends]
    lines = (
        f"table {_FAMILY} {TABLE}",
        f"delete table {_FAMILY} {TABLE}",
        f"table {_FAMILY} {TABLE} {{",
        "\tchain services {",
        *rules,
        "\t}",
        "\tchain prerouting {",
        "\t\ttype nat hook prerouting priority dstnat; policy accept;",
        f"\t\tip daddr {cidr} jump services",
        "\t}",
        "\tchain postrouting {",
        "\t\ttype nat hook postrouting priority srcnat; policy accept;",
        f"\t\tct original ip daddr {cidr} masquerade",
        "\t}",
        "\tchain forward {",
        "\t\ttype filter hook forward priority filter; policy accept;",
        f"\t\tip daddr {cidr} reject with icmp port-unreachable",
        "\t}",
        "}",
    )
    return "\n".join(lines) + "\n"


def _rule(service: VirtualService) -> str:
    match = f"ip daddr {service.address} {service.protocol} dport {service.port}"
    backends = sorted(service.backends)
    if len(backends) == 1:
        return f"{match} dnat to {backends[0].address}:{backends[0].port}"
    chosen = "jhash ip saddr" if service.sticky else "numgen random"
    elements = ", ".join(
        f"{position} : {backend.address} . {backend.port}"
        for position, backend in enumerate(backends)
    )
    return f"{match} dnat to {chosen} mod {len(backends)} map {{ {elements} }}"
