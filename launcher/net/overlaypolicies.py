"""Which traffic ports of overlay networks may have, as OVN's filters (ovn-nb(5), ACL).

The same rules as those of bridges, ``launcher.net.policies``. A port that is not open has a port
group of its own with its rules. Answers pass, as connections are tracked; so do ARP and neighbour
discovery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from launcher.net import ovsdb
from launcher.net.ovsdb import Named, Operation, Row, Uuid, Value
from launcher.net.policies import Allow, Block, Guard, Ports

GROUPS, RULES = "Port_Group", "ACL"
OWNER = "virtctl-policies"
"""The external id of groups that are ours; its value tells what is in it."""
_ALLOWED, _DROPPED = 1001, 1000  # OVN-Kubernetes' own priorities


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One ACL."""

    direction: str
    priority: int
    match: str
    action: str


def rules(guard: Guard, group: str) -> tuple[Rule, ...]:
    """The ACLs of a port."""
    return (*_way(guard.ingress, group, inward=True), *_way(guard.egress, group, inward=False))


def changes(
    guards: Sequence[Guard], known: Sequence[Row], ports: Mapping[str, str]
) -> list[Operation]:
    """What makes the groups those of ``guards``, whose ports have these ids.

    ``known`` are the rows of groups. A port that is not there is left out.
    """
    wanted = {f"pg_{one.name}": one for one in guards if one.port in ports}
    kept, made = set(), []
    for row in known:
        digest = ovsdb.table(row.get("external_ids")).get(OWNER)
        if digest is None:
            continue
        name = str(row["name"])
        if name in wanted and digest == _digest(wanted[name], ports[wanted[name].port]):
            kept.add(name)
        else:
            made.append(ovsdb.delete(GROUPS, ovsdb.at(str(row["_uuid"]))))
    for name, guard in wanted.items():
        if name not in kept:
            made += _group(name, guard, ports[guard.port])
    return made


def _group(name: str, guard: Guard, port: str) -> Iterator[Operation]:
    listed = rules(guard, name)
    for number, rule in enumerate(listed):
        columns: dict[str, Value] = {
            "direction": rule.direction,
            "priority": rule.priority,
            "match": rule.match,
            "action": rule.action,
            "external_ids": {OWNER: guard.port},
        }
        if rule.direction == "from-lport":
            columns["options"] = {"apply-after-lb": "true"}
        yield ovsdb.insert(RULES, columns, f"{name}_{number}")
    columns = {
        "name": name,
        "ports": [Uuid(port)],
        "acls": [Named(f"{name}_{number}") for number in range(len(listed))],
        "external_ids": {OWNER: _digest(guard, port)},
    }
    yield ovsdb.insert(GROUPS, columns, name)


def _digest(guard: Guard, port: str) -> str:
    return hashlib.sha256(msgspec.json.encode((guard, port))).hexdigest()


def _way(allowed: Sequence[Allow] | None, group: str, *, inward: bool) -> Iterator[Rule]:
    direction, port = ("to-lport", "outport") if inward else ("from-lport", "inport")
    start = f"{port} == @{group}"
    if allowed is None:
        # Connections of an open direction are tracked too, or their answers would not be known.
        match = f"{start} && ip"
        yield Rule(direction=direction, priority=_ALLOWED, match=match, action="allow-related")
        return
    yield Rule(
        direction=direction, priority=_ALLOWED, match=f"{start} && (arp || nd)", action="allow"
    )
    for match in dict.fromkeys(each for one in allowed for each in _matches(one, inward=inward)):
        yield Rule(
            direction=direction,
            priority=_ALLOWED,
            match=f"{start} && {match}",
            action="allow-related",
        )
    yield Rule(direction=direction, priority=_DROPPED, match=start, action="drop")


def _matches(allow: Allow, *, inward: bool) -> Iterator[str]:
    end = "src" if inward else "dst"
    for peer in _peers(allow, end):
        for ports in allow.ports or (None,):
            yield " && ".join(word for word in (peer, _ports(ports)) if word)


def _peers(allow: Allow, end: str) -> Iterator[str]:
    if allow.any_peer:
        yield "ip"
        return
    for family in ("ip4", "ip6"):
        blocks = sorted({one for one in allow.blocks if _family(one.cidr) == family})
        plain = [one.cidr for one in blocks if not one.excepts]
        if plain:
            yield f"{family}.{end} == {{{', '.join(plain)}}}"
        yield from (_without(one, f"{family}.{end}") for one in blocks if one.excepts)
    if allow.macs:
        yield f"ip && eth.{end} == {{{', '.join(sorted(set(allow.macs)))}}}"


def _without(block: Block, field: str) -> str:
    return f"{field} == {block.cidr} && {field} != {{{', '.join(sorted(block.excepts))}}}"


def _ports(ports: Ports | None) -> str:
    if ports is None:
        return ""
    if not ports.first:
        return ports.protocol
    if ports.last > ports.first:
        return f"{ports.protocol}.dst >= {ports.first} && {ports.protocol}.dst <= {ports.last}"
    return f"{ports.protocol}.dst == {ports.first}"


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip4"
