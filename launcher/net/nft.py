"""Filters to nft's text and JSON, and back from JSON (libnftables-json(5)).

An anonymous set of one element is written as the element, since nft does the same when it lists.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from launcher.net.model import Chain, Hook, Match, Rule, Table, Verdict

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
_Object: TypeAlias = "dict[str, Json]"

_PRIORITIES = {
    -300: "raw",
    -150: "mangle",
    -100: "dstnat",
    0: "filter",
    50: "security",
    100: "srcnat",
}
_NAMES = ("iifname", "oifname")
_TARGETED = {Verdict.DNAT: "addr", Verdict.SNAT: "addr", Verdict.JUMP: "target"}


class NotOurs(ValueError):
    """A rule of somebody else that our model cannot say."""


def normal(table: Table) -> Table:
    """The table with the elements of its sets in one order: nft lists them in an order of its own.

    Two tables do the same when their normal forms are equal.
    """
    replace = msgspec.structs.replace

    def sort(rule: Rule) -> Rule:
        matches = (replace(match, values=tuple(sorted(match.values))) for match in rule.matches)
        return replace(rule, matches=tuple(matches))

    chains = (replace(each, rules=tuple(map(sort, each.rules))) for each in table.chains)
    return replace(table, chains=tuple(chains))


def build_text(table: Table) -> str:
    """The table as ``nft list table`` shows it, without the counters' values."""
    parts = []
    for chain in table.chains:
        lines = [f"\tchain {chain.name} {{"]
        if hook := chain.hook:
            priority = _PRIORITIES.get(hook.priority, str(hook.priority))
            lines.append(
                f"\t\ttype {hook.kind} hook {hook.hook} priority {priority}; policy {hook.policy};"
            )
        lines += [f"\t\t{build_rule_text(rule)}" for rule in chain.rules]
        parts.append("\n".join([*lines, "\t}\n"]))
    return f"table {table.family} {table.name} {{\n" + "\n".join(parts) + "}\n"


def build_rule_text(rule: Rule) -> str:
    """One rule in nft's language; a rule that is not ours is a comment."""
    if rule.raw:
        return f"# {rule.raw}"
    words = [_match_text(match) for match in rule.matches]
    if rule.counter:
        words.append("counter")
    match rule.verdict:
        case Verdict.NONE:
            pass
        case Verdict.DNAT | Verdict.SNAT:
            words.append(f"{rule.verdict} to {rule.target}")
        case Verdict.JUMP:
            words.append(f"jump {rule.target}")
        case _:
            words.append(str(rule.verdict))
    return " ".join(words)


def build_ruleset(table: Table) -> str:
    """JSON that puts the table in place of any table of its family and name, in one go."""
    name: _Object = {"family": table.family, "name": table.name}
    within: _Object = {"family": table.family, "table": table.name}
    # Adding first makes the deletion succeed when there was none.
    commands: list[Json] = [{verb: {"table": dict(name)}} for verb in ("add", "delete", "add")]
    # All chains come before the rules, since rules jump to them.
    commands.extend(
        {"add": {"chain": {**within, "name": chain.name, **_hook_json(chain.hook)}}}
        for chain in table.chains
    )
    commands.extend(
        {"add": {"rule": {**within, "chain": chain.name, "expr": build_rule(rule)}}}
        for chain in table.chains
        for rule in chain.rules
    )
    return msgspec.json.encode({"nftables": commands}).decode()


def build_rule(rule: Rule) -> Json:
    """The expressions of one rule."""
    if rule.raw:
        raw: Json = msgspec.json.decode(rule.raw)
        return raw
    expr: list[Json] = [_match_json(match) for match in rule.matches]
    if rule.counter:
        expr.append({"counter": {"packets": 0, "bytes": 0}})
    if rule.verdict in _TARGETED:
        expr.append({str(rule.verdict): {_TARGETED[rule.verdict]: rule.target}})
    elif rule.verdict:
        expr.append({str(rule.verdict): None})
    return expr


def parse_ruleset(text: str) -> tuple[Table, ...]:
    """Read what ``nft -j list`` prints. Sets, maps and objects of tables are not kept."""
    listed: dict[str, list[_Object]] = msgspec.json.decode(text)
    tables: dict[tuple[Json, Json], Table] = {}
    for entry in listed["nftables"]:
        for kind, value in entry.items():
            if kind in {"table", "chain", "rule"} and isinstance(value, dict):
                _collect(tables, kind, value)
    return tuple(tables.values())


def parse_rule(expr: Json) -> Rule:
    """Read the expressions of one rule; one that our model cannot say is kept ``raw``."""
    try:
        return _parse_rule(expr)
    except (NotOurs, KeyError, TypeError, ValueError):
        return Rule(counter=False, raw=msgspec.json.encode(expr).decode())


def _collect(tables: dict[tuple[Json, Json], Table], kind: str, value: _Object) -> None:
    replace = msgspec.structs.replace
    family = value["family"]
    if kind == "table":
        tables[family, value["name"]] = Table(family=str(family), name=str(value["name"]))
        return
    table = tables[family, value["table"]]
    if kind == "chain":
        chain = Chain(name=str(value["name"]), hook=_parse_hook(value))
        chains = (*table.chains, chain)
    else:
        rule = parse_rule(value["expr"])
        chains = tuple(
            replace(chain, rules=(*chain.rules, rule)) if chain.name == value["chain"] else chain
            for chain in table.chains
        )
    tables[family, value["table"]] = replace(table, chains=chains)


def _parse_hook(chain: _Object) -> Hook | None:
    if "hook" not in chain:
        return None
    return Hook(
        kind=str(chain["type"]),
        hook=str(chain["hook"]),
        priority=int(str(chain["prio"])),
        policy=str(chain.get("policy", "accept")),
    )


def _hook_json(hook: Hook | None) -> _Object:
    if hook is None:
        return {}
    return {
        "type": hook.kind,
        "hook": hook.hook,
        "prio": hook.priority,
        "policy": hook.policy,
    }


def _match_text(match: Match) -> str:
    values = [f'"{value}"' if match.field in _NAMES else value for value in match.values]
    shown = values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}"
    return f"{match.field} {'!= ' if match.negate else ''}{shown}"


def _match_json(match: Match) -> Json:
    values: list[Json] = [_value_json(match.field, value) for value in match.values]
    return {
        "match": {
            "op": "!=" if match.negate else "==",
            "left": _field_json(match.field),
            "right": values[0] if len(values) == 1 else {"set": values},
        }
    }


def _field_json(field: str) -> Json:
    if field in _NAMES:
        return {"meta": {"key": field}}
    protocol, _, name = field.partition(" ")
    return {"payload": {"protocol": protocol, "field": name}}


def _value_json(field: str, value: str) -> Json:
    if field in _NAMES:
        return value
    if field.endswith("port"):
        first, dash, last = value.partition("-")
        return {"range": [int(first), int(last)]} if dash else int(first)
    address, slash, length = value.partition("/")
    return {"prefix": {"addr": address, "len": int(length)}} if slash else address


def _parse_rule(expr: Json) -> Rule:
    matches: list[Match] = []
    counter, verdict, target = False, Verdict.NONE, ""
    if not isinstance(expr, list):
        raise NotOurs
    for part in expr:
        if not isinstance(part, dict) or verdict is not Verdict.NONE:
            raise NotOurs
        ((key, value),) = part.items()
        if key == "match" and not counter:
            matches.append(_parse_match(value))
        elif key == "counter" and not counter:
            counter = True
        else:
            verdict = Verdict(key)
            target = _parse_target(verdict, value)
    return Rule(matches=tuple(matches), counter=counter, verdict=verdict, target=target)


def _parse_target(verdict: Verdict, value: Json) -> str:
    if verdict not in _TARGETED:
        if value is not None:
            raise NotOurs
        return ""
    if not isinstance(value, dict) or set(value) != {_TARGETED[verdict]}:
        raise NotOurs
    target = value[_TARGETED[verdict]]
    if not isinstance(target, str):
        raise NotOurs
    return target


def _parse_match(value: Json) -> Match:
    if not isinstance(value, dict) or value["op"] not in {"==", "!="}:
        raise NotOurs
    field = _parse_field(value["left"])
    right = value["right"]
    elements = right["set"] if isinstance(right, dict) and "set" in right else [right]
    if not isinstance(elements, list):
        raise NotOurs
    values = tuple(_parse_value(field, element) for element in elements)
    return Match(field=field, values=values, negate=value["op"] == "!=")


def _parse_field(left: Json) -> str:
    match left:
        case {"meta": {"key": "iifname" | "oifname" as key}}:
            return str(key)
        case {"payload": {"protocol": str(protocol), "field": "saddr" | "daddr" as field}}:
            return f"{protocol} {field}"
        case {
            "payload": {"protocol": "tcp" | "udp" as protocol, "field": "dport" | "sport" as field}
        }:
            return f"{protocol} {field}"
        case _:
            raise NotOurs


def _parse_value(field: str, value: Json) -> str:
    match value:
        case {"prefix": {"addr": str(address), "len": int(length)}} if field.endswith("addr"):
            return f"{address}/{length}"
        case {"range": [int(first), int(last)]} if field.endswith("port"):
            return f"{first}-{last}"
        case int() if field.endswith("port"):
            return str(value)
        case str() if not field.endswith("port") and not value.startswith("@"):
            return value
        case _:
            raise NotOurs
