"""The validation rules that a machine carries along, as SSP's template validator applies them.

Rules are JSON in the annotation ``vm.kubevirt.io/validations``. Each has a ``name``, a ``rule``
(integer, string, regex or enum), a ``path`` below ``spec.template`` (``jsonpath::.spec...``), a
``message``, and what its kind needs: ``min``, ``max``, ``minLength``, ``maxLength``, ``values`` or
``regex``. Bounds and values may be paths, too. ``valid`` is a path that must be there for the rule
to apply; with ``justWarning`` a failure is only told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, JsonValue, child, flag, items, strings, text
from virtctl.wire.quantities import quantity_or_none

ANNOTATION = "vm.kubevirt.io/validations"
SKIP = "vm.kubevirt.io/skip-validations"
Matches: TypeAlias = Callable[[str, str], bool]
"""Whether a part of the second fits the first; raises ``ValueError`` for no expression."""
_PREFIX = "jsonpath::"
_KINDS = frozenset({"integer", "string", "regex", "enum"})
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\*|\d+)\]|\['([^']+)'\]")


class Finding(NamedTuple):
    """A rule that does not hold. ``field`` is its path below ``spec.template``."""

    field: str
    message: str
    is_warning: bool = False


class BadRules(VirtctlError):
    """The annotation holds no list of rules."""


class _Broken(Exception):
    """A rule that cannot be applied; that is a failure, so that it is noticed."""


def rules_of(vm: Document) -> list[Document]:
    """The rules that ``vm`` carries; none where it says that they are to be skipped.

    Raises ``BadRules``.
    """
    annotations = strings(vm, "metadata", "annotations")
    given = annotations.get(ANNOTATION, "")
    return [] if SKIP in annotations or not given else read_rules(given)


def read_rules(given: str) -> list[Document]:
    """The rules of an annotation's text. Raises ``BadRules``."""
    try:
        loaded = json.loads(given)
    except ValueError as error:
        raise BadRules(f"annotation {ANNOTATION}: bad JSON: {error}") from error
    if not isinstance(loaded, list) or not all(isinstance(rule, dict) for rule in loaded):
        raise BadRules(f"annotation {ANNOTATION}: it is no list of rules")
    for rule in loaded:
        for field in ("path", "valid"):
            where = rule.get(field, "")
            if (where or field == "path") and not _is_path(where):
                raise BadRules(
                    f"annotation {ANNOTATION}: rule {rule.get('name', '')}: {field} `{where}` "
                    f"does not begin with `{_PREFIX}`"
                )
    return loaded


def plain_matches(pattern: str, value: str) -> bool:
    """``Matches`` for expressions that one trusts: some take Python for ever."""
    try:
        return re.search(pattern, value) is not None
    except re.error as error:
        raise ValueError(str(error)) from error


def findings(
    rules: Iterable[Document], vm: Document, matches: Matches = plain_matches
) -> Iterator[Finding]:
    """What ``vm`` breaks of ``rules``."""
    seen: set[str] = set()
    for rule in rules:
        name = text(rule, "name")
        problem = "duplicate Rule Name" if name in seen else _problem(rule, vm, matches)
        seen.add(name)
        if problem:
            field = _trimmed(text(rule, "path"))
            message = f"{text(rule, 'message')}: {problem}"
            yield Finding(field, message, flag(rule, "justWarning"))


def _problem(rule: Document, vm: Document, matches: Matches) -> str:
    """Why ``rule`` does not hold; empty when it does, or does not apply."""
    if text(rule, "rule") not in _KINDS:
        return "unrecognized Rule type"
    if not text(rule, "message"):
        return "missing required key"
    valid = text(rule, "valid")
    try:
        return "" if valid and not _select(valid, vm) else _broken_by(rule, vm, matches)
    except _Broken as error:
        return str(error)


def _broken_by(rule: Document, vm: Document, matches: Matches) -> str:
    path = text(rule, "path")
    match text(rule, "rule"):
        case "integer":
            return _range_problem(rule, _integers(path, vm), vm)
        case "string":
            return _length_problem(rule, _texts(path, vm), vm)
        case "enum":
            allowed = [_single_text(value, vm) for value in items(rule, "values")]
            found = _texts(path, vm)
            if all(value in allowed for value in found):
                return ""
            return f"Some of [{', '.join(found)}] are not in [{', '.join(allowed)}]"
        case _:
            return _pattern_problem(text(rule, "regex"), _texts(path, vm), matches)


def _range_problem(rule: Document, found: list[int], vm: Document) -> str:
    least, most = _bound(rule, "min", vm), _bound(rule, "max", vm)
    problems = []
    for value in found:
        if least is not None and value < least:
            problems.append(f"value {value} is lower than minimum [{least}]")
        elif most is not None and value > most:
            problems.append(f"value {value} is higher than maximum [{most}]")
    return ", ".join(problems)


def _length_problem(rule: Document, found: list[str], vm: Document) -> str:
    least, most = _bound(rule, "minLength", vm), _bound(rule, "maxLength", vm)
    fits = all(
        (least is None or len(value.encode()) >= least)
        and (most is None or len(value.encode()) <= most)
        for value in found
    )
    interval = ", ".join("N/A" if bound is None else str(bound) for bound in (least, most))
    return "" if fits else f"Lengths of some strings are not in interval [{interval}]"


def _pattern_problem(pattern: str, found: list[str], matches: Matches) -> str:
    try:
        if all(matches(pattern, value) for value in found):
            return ""
    except ValueError as error:
        raise _Broken(f"error parsing regexp: {error}: `{pattern}`") from error
    return f"Some of [{', '.join(found)}] do not match {pattern}"


# --- values ---------------------------------------------------------------------------------


def _bound(rule: Document, name: str, vm: Document) -> int | None:
    given = rule.get(name)
    if given is None:
        return None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return round(given)
    if not isinstance(given, str):
        raise _Broken(f"unsupported type {given}")
    if not _is_path(given):
        raise _Broken(f"parameter is not JSONPath: {given}")
    found = _integers(given, vm)
    if len(found) != 1:
        raise _Broken(f"expected one value, found {len(found)}")
    return found[0]


def _single_text(given: JsonValue, vm: Document) -> str:
    if not isinstance(given, str):
        raise _Broken(f"unsupported type {given}")
    found = _texts(given, vm) if _is_path(given) else [given]
    if len(found) != 1:
        raise _Broken(f"expected one value, found {len(found)}")
    return found[0]


def _integers(path: str, vm: Document) -> list[int]:
    return [_integer(value) for value in _found(path, vm)]


def _integer(value: JsonValue) -> int:
    """A number, or the bytes of a quantity; what is not set counts as nothing."""
    if value is None:
        return 0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return round(value)
    quantity = quantity_or_none(value) if isinstance(value, str) else None
    if quantity is None:
        raise _Broken(f"mismatching type: {value}, not int or resource.Quantity")
    return quantity.value


def _texts(path: str, vm: Document) -> list[str]:
    found = ["" if value is None else value for value in _found(path, vm)]
    for value in found:
        if not isinstance(value, str):
            raise _Broken(f"mismatching type: {value}, not string")
    return [str(value) for value in found]


def _found(path: str, vm: Document) -> list[JsonValue]:
    found = _select(path, vm, unset=True)
    if not found:
        raise _Broken("no values were found")
    return found


# --- paths ----------------------------------------------------------------------------------


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_PREFIX)


def _trimmed(path: str) -> str:
    return path.removeprefix(_PREFIX).removeprefix("$")


def _select(path: str, vm: Document, *, unset: bool = False) -> list[JsonValue]:
    """The values at ``path``. With ``unset`` a member that its holder lacks is None."""
    steps = _STEP.findall(_trimmed(path))
    if "".join(_spelled(step) for step in steps) != _trimmed(path):
        raise _Broken("invalid JSONPath")
    found: list[JsonValue] = [child(vm, "spec", "template")]
    for position, (name, index, quoted) in enumerate(steps):
        is_last = position == len(steps) - 1
        found = [
            inner
            for value in found
            for inner in _stepped(value, name or quoted, index, unset=unset and is_last)
        ]
    return found


def _spelled(step: tuple[str, str, str]) -> str:
    name, index, quoted = step
    if name:
        return f".{name}"
    return f"[{index}]" if index else f"['{quoted}']"


def _stepped(value: JsonValue, name: str, index: str, *, unset: bool) -> Iterator[JsonValue]:
    if index:
        inner = value if isinstance(value, list) else []
        yield from inner if index == "*" else inner[int(index) : int(index) + 1]
    elif isinstance(value, dict) and value.get(name) is not None:
        yield value[name]
    elif unset and isinstance(value, dict):
        yield None
