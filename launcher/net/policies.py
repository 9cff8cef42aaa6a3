"""Which traffic pods may have, as nft rules of their node.

A pod is guarded at its own link to the pod network by its addresses, and at links to bridges of the
node by the bridge's port that the link is. Routed packets meet the rules in the family inet, where
connections are tracked. Packets that a bridge passes on meet the same rules in the family bridge,
where not every kernel tracks connections: there each packet that is let through is remembered for a
while with its ends changed over, so that its answers pass. That takes no br_netfilter.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

import msgspec

TABLE = "virtctl-policies"
_FLOWS = {"tcp": "1h", "udp": "3m", "sctp": "1h"}
"""For how long answers are waited for after the last packet."""
_PINGS = "30s"
_MOST = 65535  # answers that are waited for at a time, of each kind
_NEIGHBOURS = (
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } "
    "accept"
)


class Block(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A CIDR without parts of it."""

    cidr: str
    excepts: tuple[str, ...] = ()


class Ports(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Ports of a protocol (tcp, udp, sctp), from ``first`` to ``last``; 0 for all of them."""

    protocol: str
    first: int = 0
    last: int = 0


class Allow(msgspec.Struct, frozen=True, kw_only=True):
    """What may pass: from or to these peers, to these ports; all of them when empty or ``any``."""

    any_peer: bool = False
    blocks: tuple[Block, ...] = ()
    macs: tuple[str, ...] = ()
    ports: tuple[Ports, ...] = ()


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a pod. ``name`` is a word that is its own.

    It is known by ``addresses`` on the pod network, or as the ``port`` of a bridge. Of ``ingress``
    and ``egress`` None means that all may pass in that direction, an empty one that nothing may.
    ``by`` are the names of the policies that say so.
    """

    name: str
    addresses: tuple[str, ...] = ()
    port: str = ""
    ingress: tuple[Allow, ...] | None = None
    egress: tuple[Allow, ...] | None = None
    by: tuple[str, ...] = ()


def build_commands(
    guards: Sequence[Guard], always: Iterable[str], known: Iterable[str] = ()
) -> str:
    """What makes the rules those of ``guards``, in one go, for ``nft -f``.

    ``always`` are addresses of the node and its host, which reach all pods and are reached.
    ``known`` are the chains that the bridge's table has: they are made anew, and the answers that
    are waited for are kept. Without them the table is.
    """
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table bridge {TABLE}"]
    if guards and known:
        lines.append(f"flush table bridge {TABLE}")
        lines += [f"delete chain bridge {TABLE} {chain}" for chain in known]
    else:
        lines.append(f"delete table bridge {TABLE}")
    if guards:
        lines += _table("inet", [one for one in guards if one.addresses], _routed(always))
        lines += _table("bridge", guards, _bridged())
    return "\n".join(lines) + "\n"


def _table(family: str, guards: Sequence[Guard], head: Iterable[str]) -> Iterator[str]:
    yield f"table {family} {TABLE} {{"
    if family == "bridge":
        yield from _memory()
    for guard in guards:
        yield from _chains(guard)
    yield "\tchain forward {"
    yield from (f"\t\t{line}" for line in head)
    for guard in guards:
        if guard.egress is not None:
            yield from (f"\t\t{way} jump out-{guard.name}" for way in _ways(guard, "out"))
    for guard in guards:
        if guard.ingress is not None:
            yield from (f"\t\t{way} jump in-{guard.name}" for way in _ways(guard, "in"))
    if family == "bridge":
        for guard in guards:
            yield from (f"\t\t{way} jump remember" for way in _answered(guard))
    yield "\t}"
    yield "}"


def _chains(guard: Guard) -> Iterator[str]:
    for direction, allowed in (("in", guard.ingress), ("out", guard.egress)):
        if allowed is None:
            continue
        yield f"\tchain {direction}-{guard.name} {{"
        for rule in dict.fromkeys(rule for one in allowed for rule in _rules(one, direction)):
            yield f"\t\t{rule} counter return".replace("\t\t ", "\t\t")
        yield f"\t\tcounter drop{_comment(guard.by)}"
        yield "\t}"


def _comment(policies: Sequence[str]) -> str:
    """Whose the rule is; nft takes at most 128 bytes."""
    named = ", ".join(policies)
    return f' comment "{named if len(named) < 120 else f"{named[:117]}..."}"' if named else ""


def _routed(always: Iterable[str]) -> Iterator[str]:
    yield "type filter hook forward priority filter; policy accept;"
    yield "ct state established,related accept"
    yield _NEIGHBOURS
    for address in always:
        family = _family(address)
        yield f"{family} saddr {address} accept"
        yield f"{family} daddr {address} accept"


def _memory() -> Iterator[str]:
    """The answers that are waited for, and how they are remembered."""
    for family, kind in (("ip", "ipv4_addr"), ("ip6", "ipv6_addr")):
        icmp = "icmp" if family == "ip" else "icmpv6"
        flags = f"flags dynamic, timeout; timeout 1h; size {_MOST};"
        flow = f"type {kind} . {kind} . inet_proto . inet_service . inet_service;"
        yield f"\tset {family}-flows {{ {flow} {flags} }}"
        ping = f"typeof {family} saddr . {family} daddr . {icmp} id;"
        yield f"\tset {family}-pings {{ {ping} {flags} }}"
    yield "\tchain remember {"
    for family in ("ip", "ip6"):
        icmp = "icmp" if family == "ip" else "icmpv6"
        back = f"{family} daddr . {family} saddr"
        for protocol, time in _FLOWS.items():
            flow = f"{back} . meta l4proto . th dport . th sport timeout {time}"
            yield f"\t\tmeta l4proto {protocol} update @{family}-flows {{ {flow} }}"
        ping = f"{back} . {icmp} id timeout {_PINGS}"
        yield f"\t\t{icmp} type echo-request update @{family}-pings {{ {ping} }}"
    yield "\t}"


def _bridged() -> Iterator[str]:
    yield "type filter hook forward priority 0; policy accept;"
    yield "ether type arp accept"
    yield _NEIGHBOURS
    yield "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept"
    yield (
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "
        "accept"
    )
    # Later fragments have no ports; without the first one they are of no use.
    yield "ip frag-off & 0x1fff != 0 accept"
    yield "frag frag-off != 0 accept"
    for family in ("ip", "ip6"):
        icmp = "icmp" if family == "ip" else "icmpv6"
        ends = f"{family} saddr . {family} daddr"
        for protocol, time in _FLOWS.items():
            flow = f"{ends} . meta l4proto . th sport . th dport"
            yield (
                f"meta l4proto {protocol} {flow} @{family}-flows "
                f"update @{family}-flows {{ {flow} timeout {time} }} accept"
            )
        yield f"{icmp} type echo-reply {ends} . {icmp} id @{family}-pings accept"


def _answered(guard: Guard) -> Iterator[str]:
    """The packets whose answers the guard would drop."""
    if guard.ingress is not None:
        yield from _ways(guard, "out")
    if guard.egress is not None:
        yield from _ways(guard, "in")


def _ways(guard: Guard, direction: str) -> Iterator[str]:
    """How packets from or to a guarded link are known."""
    if guard.port:
        yield f'{"iifname" if direction == "out" else "oifname"} "{guard.port}"'
        return
    for address in guard.addresses:
        yield f"{_family(address)} {'saddr' if direction == 'out' else 'daddr'} {address}"


def _rules(allow: Allow, direction: str) -> Iterator[str]:
    for peer in _peers(allow, "saddr" if direction == "in" else "daddr"):
        for ports in allow.ports or (None,):
            yield " ".join(word for word in (peer, _ports(ports)) if word)


def _peers(allow: Allow, field: str) -> Iterator[str]:
    if allow.any_peer:
        yield ""
        return
    for family in ("ip", "ip6"):
        blocks = [one for one in allow.blocks if _family(one.cidr) == family]
        hosts = sorted({one.cidr for one in blocks if _is_host(one)})
        if hosts:
            yield f"{family} {field} {{ {', '.join(hosts)} }}"
        for block in sorted(set(blocks)):
            if _is_host(block):
                continue
            excepts = ", ".join(_disjoint(block.excepts))
            without = f"{family} {field} != {{ {excepts} }} " if excepts else ""
            yield f"{without}{family} {field} {block.cidr}"
    if allow.macs:
        yield f"ether {field} {{ {', '.join(sorted(set(allow.macs)))} }}"


def _ports(ports: Ports | None) -> str:
    if ports is None:
        return ""
    if not ports.first:
        return f"meta l4proto {ports.protocol}"
    last = f"-{ports.last}" if ports.last > ports.first else ""
    return f"{ports.protocol} dport {ports.first}{last}"


def _disjoint(cidrs: Iterable[str]) -> Iterator[str]:
    """CIDRs of one IP version without those that others hold: a set takes no overlapping ones."""
    four = [net for cidr in cidrs if isinstance(net := _network(cidr), ipaddress.IPv4Network)]
    six = [net for cidr in cidrs if isinstance(net := _network(cidr), ipaddress.IPv6Network)]
    yield from (str(net) for net in ipaddress.collapse_addresses(four))
    yield from (str(net) for net in ipaddress.collapse_addresses(six))


def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)


def _is_host(block: Block) -> bool:
    return "/" not in block.cidr and not block.excepts


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"
