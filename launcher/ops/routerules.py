"""Ops on rules that choose a table of routes, and such a rule."""

from __future__ import annotations

import msgspec

from launcher.ops.base import Op

_STATIC = 4  # RTPROT_STATIC


class TableRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: which packets it is about, and the table that they are looked up in, or ``action``.

    ``source`` and ``destination`` are networks, empty for any; ``mask`` 0 stands for all bits of
    ``mark``; ``suppress`` is the length of the shortest prefix that is ignored. ``protocol`` tells
    who made it (rtnetlink(7)).
    """

    version: int
    source: str = ""
    destination: str = ""
    incoming: str = ""
    priority: int = 0
    table: int = 0
    mark: int = 0
    mask: int = 0
    action: str = ""
    suppress: int | None = None
    protocol: int = _STATIC


class MakeRule(Op, frozen=True, kw_only=True):
    """Add a rule that chooses a table of routes; one that is there is fine."""

    rule: TableRule

    def describe(self) -> str:
        return f"ip{_family(self.rule)} rule add {_rule(self.rule)}"


class UnmakeRule(Op, frozen=True, kw_only=True):
    """Remove such a rule; one that is not there is fine."""

    rule: TableRule

    def describe(self) -> str:
        return f"ip{_family(self.rule)} rule delete {_rule(self.rule)}"


def _family(rule: TableRule) -> str:
    return " -6" if rule.version == 6 else ""


def _rule(rule: TableRule) -> str:
    words = [f"from {rule.source or 'all'}"]
    mark = f"{rule.mark:#x}" + (f"/{rule.mask:#x}" if rule.mask else "") if rule.mark else ""
    for word, value in (("to", rule.destination), ("iif", rule.incoming), ("fwmark", mark)):
        words += [f"{word} {value}"] if value else []
    words += [f"priority {rule.priority}"] if rule.priority else []
    words.append(rule.action or f"lookup {rule.table}")
    if rule.suppress is not None:
        words.append(f"suppress_prefixlength {rule.suppress}")
    return " ".join(words)
