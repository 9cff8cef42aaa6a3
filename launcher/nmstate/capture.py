"""Captures of a policy: parts of the current state by name, for use in the desired one.

The language is nmstate's NMPolicy: a path into the state and ``==`` or ``:=`` with a value (a word
in quotes, a number, true, false, or a path into ``capture.NAME``), captures piped by ``|``, and
``{{ capture.NAME.path }}`` in the desired state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from launcher.errors import SpecError
from launcher.nmstate.schema import Json

_TEMPLATE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_USED = re.compile(r"\bcapture\.([A-Za-z0-9_\-]+)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_STEP = re.compile(r"\s*(?P<path>[A-Za-z0-9_.\-]+)\s*(?:(?P<how>==|:=)\s*(?P<value>.+?)\s*)?")


def resolve(
    captures: Mapping[str, str], desired: Mapping[str, Json], current: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """What the captures find, and the desired state with it. Raises ``SpecError``."""
    found: dict[str, Json] = {}
    for name in _ordered(captures):
        found[name] = _evaluate(captures[name], current, found, f"capture.{name}")
    filled = _fill(dict(desired), found, "desiredState")
    if not isinstance(filled, dict):
        raise SpecError("desiredState", "must be an object")
    return found, filled


def _ordered(captures: Mapping[str, str]) -> list[str]:
    """Their names, those that others use first: an object's fields come in any order."""
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise SpecError(f"capture.{name}", f"needs itself, by `{above[-1]}`")
        for used in _USED.findall(_QUOTED.sub("", captures[name])):
            if used in captures and used not in done:
                visit(used, (*above, name))
        done.setdefault(name)

    for name in captures:
        visit(name, ())
    return list(done)


def _evaluate(
    expression: str, current: Mapping[str, Json], found: Mapping[str, Json], path: str
) -> Json:
    state: Json = dict(current)
    for part in (each.strip() for each in expression.split("|")):
        match = _STEP.fullmatch(part)
        if match is None:
            raise SpecError(path, f"`{part}` is no expression like `interfaces.name=='eth1'`")
        steps = match["path"].split(".")
        if match["how"] is None:
            whole = steps[0] == "capture"
            state = _find(steps, {"capture": dict(found)}, path) if whole else _only(state, steps)
            continue
        value = _value(match["value"], found, path)
        if match["how"] == ":=":
            state = _set(state, steps, value)
        else:
            kept = _keep(state, steps, value)
            state = {} if kept is None else kept
    return state


def _value(text: str, found: Mapping[str, Json], path: str) -> Json:
    if text[:1] in {'"', "'"} and text[-1:] == text[:1]:
        return text[1:-1]
    if text.lower() == "null":
        return None
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if text.startswith("capture."):
        return _find(text.split("."), {"capture": dict(found)}, path)
    raise SpecError(path, f"`{text}` is no value: write words in quotes")


def _keep(node: Json, steps: list[str], value: Json) -> Json:
    """What holds ``value`` at the end of a path: members of lists whole, the rest narrowed."""
    if not steps:
        return node if node == value else None
    if isinstance(node, list):
        return [each for each in node if _keep(each, steps, value) is not None] or None
    if not isinstance(node, dict) or steps[0] not in node:
        return None
    inner = _keep(node[steps[0]], steps[1:], value)
    return None if inner is None else {steps[0]: inner}


def _set(node: Json, steps: list[str], value: Json) -> Json:
    """The state with another value at the end of a path, in each member of lists on it."""
    if not steps:
        return value
    if isinstance(node, list):
        return [_set(each, steps, value) for each in node]
    inner = node if isinstance(node, dict) else {}
    return {**inner, steps[0]: _set(inner.get(steps[0]), steps[1:], value)}


def _only(node: Json, steps: list[str]) -> Json:
    """The state with nothing but what is at a path."""
    if not steps or not isinstance(node, dict):
        return node
    return {steps[0]: _only(node[steps[0]], steps[1:])} if steps[0] in node else {}


def _find(steps: list[str], root: Json, path: str) -> Json:
    node = root
    for place, step in enumerate(steps):
        if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict) and step in node:
            node = node[step]
        else:
            raise SpecError(path, f"there is nothing at `{'.'.join(steps[: place + 1])}`")
    return node


def _fill(node: Json, found: Mapping[str, Json], path: str) -> Json:
    if isinstance(node, dict):
        return {key: _fill(value, found, f"{path}.{key}") for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, found, f"{path}[{place}]") for place, value in enumerate(node)]
    if not isinstance(node, str):
        return node
    root: Json = {"capture": dict(found)}
    if whole := _TEMPLATE.fullmatch(node.strip()):
        return _find(whole[1].split("."), root, path)
    return _TEMPLATE.sub(lambda match: str(_find(match[1].split("."), root, path)), node)
