"""Node policies against nodes: what differs, what was there before, and what went wrong first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    objects,
    strings,
    text,
)

PREVIOUS = "local.virtctl.io/previous-desired-state"
"""Annotation of a policy: its desired state before the last ``net policy apply``, as JSON."""
POLICY_LABEL = "nmstate.io/policy"
RETRYING = "Retrying"
"""A stage: it has failed, and is going to be tried again."""
_IGNORED = frozenset({"description"})
_ABSENT = "absent"
_MAIN = 254  # the usual table of routes
_ANY = (None, "", -1)  # values of a route or rule that may be any


def selects(policy: Document, node: Document) -> bool:
    """Whether a policy is for a node."""
    labels = strings(node, "metadata", "labels")
    wanted = strings(policy, "spec", "nodeSelector")
    return all(labels.get(key) == value for key, value in wanted.items())


def differences(desired: Document, current: Document) -> list[str]:
    """One line for each value of the desired state that is another now."""
    return list(_differ("", desired, current))


def former(desired: Document, current: Document) -> Document:
    """A desired state that puts back what a policy is going to change, from the state of now.

    Interfaces, routes and rules that are not there yet are to be absent; of other interfaces what
    the policy names, and the routes and rules that it removes or replaces as they are. DNS and
    mappings are not derived.
    """
    known = {text(one, "name"): one for one in objects(current, "interfaces")}
    made: list[JsonValue] = []
    for one in objects(desired, "interfaces"):
        name = text(one, "name")
        before = known.get(name)
        if before is None:
            made.append({"name": name, "type": text(one, "type"), "state": _ABSENT})
        else:
            kept = {key: before[key] for key in one if key in before}
            made.append({**kept, "name": name, "type": text(before, "type")})
    found: dict[str, JsonValue] = {"interfaces": made}
    for kind in ("routes", "route-rules"):
        there = list(objects(current, kind, "config"))
        wished = list(objects(desired, kind, "config"))
        if wished:
            found[kind] = {"config": [*_former_entries(kind, wished, there)]}
    return found


def _former_entries(
    kind: str, wished: Iterable[Document], there: list[Document]
) -> Iterator[Document]:
    """Routes or rules as they were; what will be new is absent."""
    told: list[Document] = []
    for one in wished:
        fields: Document = {
            key: value for key, value in one.items() if value not in _ANY and key != "state"
        }
        gone = one.get("state") == _ABSENT
        if kind == "routes" and not gone:
            fields["table-id"] = fields.get("table-id") or _MAIN
        known = [other for other in there if _has(other, fields)]
        if not gone and not known:
            yield {**fields, "state": _ABSENT}
            # A route takes the place of one to the same destination.
            place: Document = {key: fields.get(key) for key in ("destination", "table-id")}
            known = [other for other in there if kind == "routes" and _has(other, place)]
        new = [other for other in known if other not in told]
        told += new
        yield from new


def _has(entry: Document, fields: Document) -> bool:
    return all(_same(value, entry.get(key)) for key, value in fields.items())


def stage(enactment: Document) -> tuple[str, str]:
    """The condition of an enactment that is True, and its message.

    ``RETRYING`` where it has failed and goes on: both conditions are True then.
    """
    true = {
        text(one, "type"): text(one, "message")
        for one in objects(enactment, "status", "conditions")
        if text(one, "status") == "True"
    }
    if {"Failing", "Progressing"} <= set(true):
        return RETRYING, true["Failing"]
    return next(iter(true.items()), ("", ""))


def of_policy(enactments: Iterable[Document], policy: str) -> list[Document]:
    """The enactments of a policy, by node."""
    found = [
        one for one in enactments if strings(one, "metadata", "labels").get(POLICY_LABEL) == policy
    ]
    return sorted(found, key=name_of)


def node_of(enactment: Document, policy: str) -> str:
    """The node of an enactment, by its name ``node.policy``."""
    return name_of(enactment).removesuffix(f".{policy}")


def first_line(message: str) -> str:
    """The line of a failure that says most: kubernetes-nmstate buries it in a program's output."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = ("error", "fail", "invalid", "does not", "cannot", "not found", "instead of")
    for line in lines:
        if any(word in line.lower() for word in telling):
            return line
    return lines[0] if lines else ""


def _differ(path: str, desired: JsonValue, current: JsonValue) -> Iterator[str]:
    if isinstance(desired, dict) and isinstance(current, dict):
        for key, value in desired.items():
            if key not in _IGNORED:
                yield from _differ(f"{path}.{key}" if path else key, value, current.get(key))
    elif isinstance(desired, list) and all(_name(one) for one in desired):
        yield from _differ_named(path, desired, current if isinstance(current, list) else [])
    elif not _same(desired, current):
        yield f"{path}: {_word(current)} -> {_word(desired)}"


def _differ_named(path: str, desired: list[JsonValue], current: list[JsonValue]) -> Iterator[str]:
    known = {_name(one): one for one in current}
    for one in desired:
        name, state = _name(one), one.get("state") if isinstance(one, dict) else ""
        here = known.get(name)
        if here is None:
            if state != _ABSENT:
                yield f"{path}[{name}]: is not there -> new"
        elif state == _ABSENT:
            yield f"{path}[{name}]: is there -> absent"
        else:
            yield from _differ(f"{path}[{name}]", one, here)
    if path.endswith(("bridge.port", "link-aggregation.port")):
        wanted = {_name(one) for one in desired}
        for name in known:
            if name not in wanted:
                yield f"{path}[{name}]: is there -> leaves"


def _name(one: JsonValue) -> str:
    if isinstance(one, Mapping):
        return str(one.get("name") or one.get("localnet") or "")
    return ""


def _same(desired: JsonValue, current: JsonValue) -> bool:
    if isinstance(desired, list) and isinstance(current, list):
        return all(any(not list(_differ("x", one, other)) for other in current) for one in desired)
    if isinstance(desired, str) and isinstance(current, str):
        return desired.lower() == current.lower()
    return desired == current or (not desired and current is None)


def _word(value: JsonValue) -> str:
    return "unset" if value is None else json.dumps(value)


def desired_of(policy: Document) -> Document:
    """A policy's desired state."""
    return child(policy, "spec", "desiredState")


def generation_of(document: Document) -> JsonValue:
    """The policy's generation that an enactment is about."""
    return find(document, "status", "policyGeneration")
