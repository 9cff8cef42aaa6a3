"""Rules that choose a table of routes (rtnetlink's ``RTM_NEWRULE``): build and parse.

The structure and its attributes are those of linux/fib_rules.h.
"""

from __future__ import annotations

import ipaddress
import struct

from launcher.net.rtnetlink import build_attribute, parse_attributes
from launcher.ops.routerules import TableRule

_RULE = struct.Struct("=BBBBBBBBI")  # family, lengths, tos, table, two unused, action, flags
_U32 = struct.Struct("=I")
_DST, _SRC, _IIF, _PRIORITY, _MARK, _SUPPRESS, _TABLE, _MASK, _PROTOCOL = (
    1, 2, 3, 6, 10, 14, 15, 16, 21,
)  # fmt: skip
_INET, _INET6 = 2, 10
_NO_SUPPRESSION = 0xFFFFFFFF
_TO_TABLE = 1
ACTIONS = {"blackhole": 6, "unreachable": 7, "prohibit": 8}
"""What else than looking into a table a rule may do, with the kernel's numbers."""
_WORDS = {number: word for word, number in ACTIONS.items()}


def parse(body: bytes) -> TableRule | None:
    """Read a ``NEW_RULE`` body; None for a rule that does something else."""
    family, to_bits, from_bits, _, table, _, _, action, _ = _RULE.unpack_from(body)
    found = parse_attributes(body[_RULE.size :])
    if family not in {_INET, _INET6} or action not in {_TO_TABLE, *_WORDS}:
        return None
    mark, mask = _number(found.get(_MARK)), _number(found.get(_MASK))
    suppress = _number(found.get(_SUPPRESS), _NO_SUPPRESSION)
    return TableRule(
        version=6 if family == _INET6 else 4,
        source=_network(found.get(_SRC), from_bits),
        destination=_network(found.get(_DST), to_bits),
        incoming=found.get(_IIF, b"").rstrip(b"\0").decode(errors="replace"),
        priority=_number(found.get(_PRIORITY)),
        table=_number(found.get(_TABLE)) or table,
        mark=mark,
        mask=0 if mask == _NO_SUPPRESSION or not mark else mask,
        action=_WORDS.get(action, ""),
        suppress=None if suppress == _NO_SUPPRESSION else suppress,
        protocol=found.get(_PROTOCOL, b"\0")[0],
    )


def build(rule: TableRule) -> bytes:
    """Body that adds or deletes a rule; protocol 0 matches any when it deletes."""
    attributes = b""
    lengths = []
    for number, network in ((_DST, rule.destination), (_SRC, rule.source)):
        parsed = ipaddress.ip_network(network) if network else None
        lengths.append(parsed.prefixlen if parsed else 0)
        if parsed and parsed.prefixlen:
            attributes += build_attribute(number, parsed.network_address.packed)
    if rule.incoming:
        attributes += build_attribute(_IIF, rule.incoming.encode() + b"\0")
    if rule.priority:
        attributes += build_attribute(_PRIORITY, _U32.pack(rule.priority))
    if rule.mark:
        attributes += build_attribute(_MARK, _U32.pack(rule.mark))
        attributes += build_attribute(_MASK, _U32.pack(rule.mask or _NO_SUPPRESSION))
    if rule.suppress is not None:
        attributes += build_attribute(_SUPPRESS, _U32.pack(rule.suppress))
    if rule.table:
        attributes += build_attribute(_TABLE, _U32.pack(rule.table))
    if rule.protocol:
        attributes += build_attribute(_PROTOCOL, bytes([rule.protocol]))
    family = _INET6 if rule.version == 6 else _INET
    action = ACTIONS.get(rule.action, _TO_TABLE)
    return _RULE.pack(family, *lengths, 0, 0, 0, 0, action, 0) + attributes


def _network(raw: bytes | None, bits: int) -> str:
    return f"{ipaddress.ip_address(raw)}/{bits}" if raw else ""


def _number(raw: bytes | None, default: int = 0) -> int:
    return int(_U32.unpack(raw)[0]) if raw else default
