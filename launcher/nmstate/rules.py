"""``route-rules`` of a state: what is desired against what is there, and the kernel's rows.

Rules are added to those that are there; ``state: absent`` removes all that have what it gives.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from launcher.errors import SpecError
from launcher.net.routerules import ACTIONS
from launcher.nmstate.names import MAIN
from launcher.nmstate.schema import RouteRule, State
from launcher.ops.routerules import TableRule

_replace = msgspec.structs.replace
_FIRST = 30000  # priority of the first rule that gives none, as nmstate has it
_SHOWN = {0, 3, 4, 9, 16}  # protocols: of those who configure; the kernel's own are left out
_FAMILIES = {"ipv4": 4, "ipv6": 6}
_FIELDS = (
    "family", "ip_from", "ip_to", "iif", "route_table", "fwmark", "fwmask", "action",
    "suppress_prefix_length",
)  # fmt: skip


def shown(rows: Iterable[TableRule]) -> tuple[RouteRule, ...]:
    """The kernel's rows as a state has them."""
    return tuple(
        RouteRule(
            family=f"ipv{row.version}",
            ip_from=row.source or None,
            ip_to=row.destination or None,
            priority=row.priority,
            route_table=row.table or None,
            fwmark=hex(row.mark) if row.mark else None,
            fwmask=hex(row.mask) if row.mask else None,
            action=row.action or None,
            iif=row.incoming or None,
            suppress_prefix_length=row.suppress,
        )
        for row in rows
        if row.protocol in _SHOWN
    )


def row(rule: RouteRule) -> TableRule:
    """A whole rule as the kernel takes it."""
    return TableRule(
        version=_FAMILIES[rule.family or "ipv4"],
        source=rule.ip_from or "",
        destination=rule.ip_to or "",
        incoming=rule.iif or "",
        priority=rule.priority or 0,
        table=rule.route_table or 0,
        mark=_number(rule.fwmark, "fwmark"),
        mask=_number(rule.fwmask, "fwmask"),
        action=rule.action or "",
        suppress=rule.suppress_prefix_length,
    )


def configured(state: State) -> tuple[RouteRule, ...]:
    """The rules of a state."""
    return (state.route_rules.config if state.route_rules else None) or ()


def merge(
    desired: State, current: State
) -> tuple[tuple[RouteRule, ...], tuple[RouteRule, ...], tuple[RouteRule, ...]]:
    """Rules to add, with priorities, rules to remove, and those that are desired, whole.

    Raises ``SpecError``.
    """
    given, there = configured(desired), configured(current)
    patterns = [_pattern(each) for each in given if each.state == "absent"]
    gone = tuple(each for each in there if any(matches(each, one) for one in patterns))
    stay = [each for each in there if each not in gone]
    wanted = tuple(whole(each) for each in given if each.state != "absent")
    new: list[RouteRule] = []
    for each in wanted:
        if not any(same(each, one) for one in (*stay, *new)):
            new.append(each)
    return tuple(_numbered(new, stay)), gone, wanted


def _numbered(new: Sequence[RouteRule], there: Sequence[RouteRule]) -> list[RouteRule]:
    last = max((each.priority or 0 for each in (*there, *new)), default=0)
    last = max(last, _FIRST - 1)
    numbered = []
    for each in new:
        if each.priority is None:
            last += 1
            numbered.append(_replace(each, priority=last))
        else:
            numbered.append(each)
    return numbered


def whole(given: RouteRule) -> RouteRule:
    """A rule with its family, networks in their usual form, and a table. Raises ``SpecError``."""
    if given.state not in {None, "absent"}:
        raise SpecError("route-rules.config.state", f"must be absent; got `{given.state}`")
    if not (given.ip_from or given.ip_to or given.family):
        raise SpecError("route-rules.config", "a rule needs `ip-from`, `ip-to` or `family`")
    networks = {field: _network(getattr(given, field), field) for field in ("ip_from", "ip_to")}
    families = {f"ipv{6 if ':' in network else 4}" for network in networks.values() if network}
    if given.family is not None:
        families.add(given.family)
    if len(families) != 1 or not families <= set(_FAMILIES):
        raise SpecError(
            "route-rules.config.family",
            f"`ip-from`, `ip-to` and `family` must be of one of ipv4 and ipv6; got "
            f"{', '.join(sorted(families))}",
        )
    if given.action is not None and given.action not in ACTIONS:
        words = ", ".join(ACTIONS)
        raise SpecError(
            "route-rules.config.action", f"must be one of {words}; got `{given.action}`"
        )
    mark, mask = _number(given.fwmark, "fwmark"), _number(given.fwmask, "fwmask")
    if mask and not mark:
        raise SpecError("route-rules.config.fwmask", "needs a `fwmark`")
    table = given.route_table or (None if given.action else MAIN)
    return RouteRule(
        family=families.pop(),
        ip_from=networks["ip_from"] or None,
        ip_to=networks["ip_to"] or None,
        priority=_priority(given.priority),
        route_table=table,
        fwmark=hex(mark) if mark else None,
        fwmask=hex(mask) if mask else None,
        action=given.action,
        iif=given.iif or None,
        suppress_prefix_length=given.suppress_prefix_length,
    )


def _pattern(given: RouteRule) -> RouteRule:
    """What must be so of rules that go; an empty network asks for rules without one."""
    return _replace(
        given,
        ip_from=_network(given.ip_from, "ip_from"),
        ip_to=_network(given.ip_to, "ip_to"),
        priority=_priority(given.priority),
        route_table=given.route_table or None,
        fwmark=_hexadecimal(given.fwmark, "fwmark"),
        fwmask=_hexadecimal(given.fwmask, "fwmask"),
    )


def matches(rule: RouteRule, pattern: RouteRule) -> bool:
    """Whether all that a pattern gives is so of a rule."""
    for field in (*_FIELDS, "priority"):
        wanted = getattr(pattern, field)
        if wanted is not None and wanted != (getattr(rule, field) or type(wanted)()):
            return False
    return True


def same(one: RouteRule, other: RouteRule) -> bool:
    """Whether two whole rules do the same; a priority that was not given may be any."""
    if any(getattr(one, field) != getattr(other, field) for field in _FIELDS):
        return False
    return one.priority in {None, other.priority}


def missing(desired: State, wanted: Iterable[RouteRule], seen: State) -> list[str]:
    """What is not as desired of rules, a line for each."""
    there = configured(seen)
    found = [
        f"route-rules.config: {told(each)} is not there"
        for each in wanted
        if not any(same(each, one) for one in there)
    ]
    patterns = [_pattern(each) for each in configured(desired) if each.state == "absent"]
    kept = [each for each in there if not any(same(one, each) for one in wanted)]
    return found + [
        f"route-rules.config: {told(each)} is still there"
        for each in kept
        if any(matches(each, one) for one in patterns)
    ]


def told(rule: RouteRule) -> str:
    """A rule as ``from 10.0.0.0/8 lookup 100``."""
    words = [f"from {rule.ip_from or 'all'}"]
    for word, value in (("to", rule.ip_to), ("iif", rule.iif), ("fwmark", rule.fwmark)):
        words += [f"{word} {value}"] if value else []
    return " ".join((*words, rule.action or f"lookup {rule.route_table}"))


def _network(given: str | None, field: str) -> str | None:
    if not given:
        return given
    try:
        return str(ipaddress.ip_network(given, strict=False))
    except ValueError:
        path = f"route-rules.config.{field.replace('_', '-')}"
        raise SpecError(path, f"`{given}` is no network like `10.0.0.0/8`") from None


def _priority(given: int | None) -> int | None:
    return None if given is None or given < 0 else given


def _hexadecimal(given: int | str | None, field: str) -> str | None:
    """As rules have it; empty for one that asks for rules without a mark."""
    if given is None:
        return None
    number = _number(given, field)
    return hex(number) if number else ""


def _number(given: int | str | None, field: str) -> int:
    try:
        number = int(given, 0) if isinstance(given, str) else given or 0
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 32:
        raise SpecError(f"route-rules.config.{field}", f"must be 32 bits like 0x20; got `{given}`")
    return number
