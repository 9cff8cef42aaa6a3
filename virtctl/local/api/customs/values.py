"""Values against structural schemas, in the words of apiextensions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import duplicate, invalid, required, spelled
from virtctl.local.api.customs.formats import has_format
from virtctl.local.api.customs.naming import label_problem
from virtctl.local.api.customs.structural import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE
from virtctl.local.api.schema import json_type
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_IDENTITY = frozenset({"apiVersion", "kind", "metadata"})
_FITS: dict[str, Callable[[JsonValue], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def object_causes(schema: Document, document: Document) -> Iterator[Cause]:
    """What is wrong with an object; its identity and metadata are checked elsewhere."""
    rest: Document = {key: value for key, value in document.items() if key not in _IDENTITY}
    members = documents.child(schema, "properties")
    own: Document = {name: inner for name, inner in members.items() if name not in _IDENTITY}
    names = [name for name in documents.items(schema, "required") if name not in _IDENTITY]
    yield from value_causes({**schema, "properties": own, "required": names}, rest, "")


NOWHERE = "<nil>"
"""The field of what is not told of one field."""
_INTEGERS = {"int32": 2**31, "": 2**63, "int64": 2**63}
"""Below which numbers of a format are."""


def value_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    """What is wrong with ``value`` at ``path``."""
    wrong = _type_cause(schema, value, path)
    if wrong is not None:
        yield wrong
    if value is None:
        return
    yield from _enum_causes(schema, value, path)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _integer_causes(schema, value, path)
    if wrong is not None:
        return
    if isinstance(value, dict):
        yield from _map_causes(schema, value, path)
    elif isinstance(value, list):
        yield from _list_causes(schema, value, path)
    elif isinstance(value, str):
        yield from _text_causes(schema, value, path)
    elif not isinstance(value, bool):
        yield from _number_causes(schema, value, path)
    yield from _junction_causes(schema, value, path)


def _type_cause(schema: Document, value: JsonValue, path: str) -> Cause | None:
    if value is None and schema.get("nullable") is True:
        return None
    if schema.get(INT_OR_STRING) is True:
        if isinstance(value, str) or _FITS["integer"](value):
            return None
        return _mistyped(path, "integer,string", json_type(value))
    type_ = documents.text(schema, "type")
    if not type_ or type_ not in _FITS or _FITS[type_](value):
        return None
    return _mistyped(path, type_, json_type(value))


def _mistyped(path: str, wanted: str, found: str) -> Cause:
    text = f'"{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause("FieldValueTypeInvalid", f"Invalid value: {text}", path)


def _integer_causes(schema: Document, value: float, path: str) -> Iterator[Cause]:
    """Numbers that are no integers, or none of the size that they shall have."""
    if schema.get("type") != "integer":
        return
    form = documents.text(schema, "format")
    limit = _INTEGERS.get(form, 2**63)
    if float(value).is_integer() and -limit <= value < limit:
        return
    if not -(2**63) <= value < 2**63 and float(value).is_integer():
        yield _mistyped(path, form or "integer", "float64" if form else "number")
    kind = f"with format {form}" if form in {"int32", "int64"} else "(default format)"
    yield _nowhere(f"Checked value must be of type integer {kind} in {path}")


def _nowhere(problem: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "": {problem}', NOWHERE)


def _bad(path: str, value: JsonValue, problem: str) -> Cause:
    return invalid(path, value, problem)


def _enum_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    choices = schema.get("enum")
    if not isinstance(choices, list):
        return
    if not any(choice == value and _alike(choice, value) for choice in choices):
        shown = ", ".join(
            spelled(choice if isinstance(choice, str) else spelled(choice)) for choice in choices
        )
        problem = f"Unsupported value: {spelled(value)}: supported values: {shown}"
        yield Cause("FieldValueNotSupported", problem, path)


def _alike(one: JsonValue, other: JsonValue) -> bool:
    return isinstance(one, bool) is isinstance(other, bool)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _map_causes(schema: Document, value: Document, path: str) -> Iterator[Cause]:
    for name in documents.items(schema, "required"):
        if str(name) not in value:
            yield required(_join(path, str(name)))
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if isinstance(least, int) and len(value) < least:
        yield _bad(path, len(value), f"{path} in body should have at least {least} properties")
    if isinstance(most, int) and len(value) > most:
        yield _too_many(path, len(value), most)
    members = documents.child(schema, "properties")
    others = schema.get("additionalProperties")
    skipped: frozenset[str] = frozenset()
    if schema.get(EMBEDDED) is True:
        skipped = _IDENTITY
        yield from _identity_causes(value, path)
    for name, member in value.items():
        inner = members.get(name, others)
        if isinstance(inner, dict) and name not in skipped:
            yield from value_causes(inner, member, _join(path, name))


def _identity_causes(value: Document, path: str) -> Iterator[Cause]:
    """What embedded resources are must be said, and well."""
    version, kind = documents.text(value, "apiVersion"), documents.text(value, "kind")
    if not version:
        yield required(f"{path}.apiVersion")
    elif version.count("/") > 1:
        yield invalid(f"{path}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    problem = label_problem(kind.lower())
    if not kind:
        yield required(f"{path}.kind")
    elif problem:
        text = f"may have mixed case, but should otherwise match: {problem}"
        yield invalid(f"{path}.kind", kind, text)


def _too_many(path: str, count: int, most: int) -> Cause:
    return Cause("FieldValueTooMany", f"Too many: {count}: must have at most {most} items", path)


def _list_causes(schema: Document, value: list[JsonValue], path: str) -> Iterator[Cause]:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if isinstance(least, int) and len(value) < least:
        yield _bad(path, len(value), f"{path} in body should have at least {least} items")
    if isinstance(most, int) and len(value) > most:
        yield _too_many(path, len(value), most)
    inner = schema.get("items")
    if isinstance(inner, dict):
        for position, item in enumerate(value):
            yield from value_causes(inner, item, f"{path}[{position}]")
    yield from _twin_causes(schema, value, path)


def _twin_causes(schema: Document, value: list[JsonValue], path: str) -> Iterator[Cause]:
    """Elements of sets and maps that are there twice."""
    type_ = schema.get(LIST_TYPE)
    if type_ not in {"set", "map"}:
        return
    names = [str(key) for key in documents.items(schema, LIST_KEYS)]
    seen: set[str] = set()
    told: set[str] = set()
    for position, item in enumerate(value):
        shown = item
        if type_ == "map" and isinstance(item, dict):
            shown = {name: item.get(name) for name in names}
        key = spelled(shown)
        if key in seen - told:
            yield duplicate(f"{path}[{position}]", shown)
            told.add(key)
        seen.add(key)


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:
        return None  # one that RE2 reads and Python doesn't is not held against a value


def _text_causes(schema: Document, value: str, path: str) -> Iterator[Cause]:
    least, most, pattern = (schema.get(key) for key in ("minLength", "maxLength", "pattern"))
    if isinstance(most, int) and len(value) > most:
        unit = "byte" if most == 1 else "bytes"
        yield Cause("FieldValueTooLong", f"Too long: may not be more than {most} {unit}", path)
    if isinstance(least, int) and len(value) < least:
        yield _bad(path, value, f"{path} in body should be at least {least} chars long")
    if isinstance(pattern, str):
        compiled = _pattern(pattern)
        if compiled is not None and not compiled.search(value):
            yield _bad(path, value, f"{path} in body should match '{pattern}'")
    form = documents.text(schema, "format")
    if form and not has_format(form, value):
        text = f"{spelled(value)}: {path} in body must be of type {form}: {spelled(value)}"
        yield Cause("FieldValueTypeInvalid", f"Invalid value: {text}", path)


def _number_causes(schema: Document, value: float, path: str) -> Iterator[Cause]:
    least, most, step = (schema.get(key) for key in ("minimum", "maximum", "multipleOf"))
    if isinstance(least, (int, float)):
        strict = schema.get("exclusiveMinimum") is True
        if value < least or (strict and value == least):
            than = "greater than" if strict else "greater than or equal to"
            yield _bad(path, value, f"{path} in body should be {than} {least}")
    if isinstance(most, (int, float)):
        strict = schema.get("exclusiveMaximum") is True
        if value > most or (strict and value == most):
            than = "less than" if strict else "less than or equal to"
            yield _bad(path, value, f"{path} in body should be {than} {most}")
    if isinstance(step, (int, float)) and step and not _is_multiple(value, step):
        yield _bad(path, value, f"{path} in body should be a multiple of {step}")


def _is_multiple(value: float, step: float) -> bool:
    """Whether ``value`` is so many steps, as near as numbers of the machine can tell."""
    count = value / step
    return abs(count - round(count)) < 1e-9 * max(1, abs(count))


def _junction_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    """``allOf``, ``anyOf``, ``oneOf`` and ``not``."""

    def judged(name: str) -> list[list[Cause]]:
        return [list(value_causes(inner, value, path)) for inner in documents.objects(schema, name)]

    broken = [cause for found in judged("allOf") for cause in found]
    if broken:
        yield from broken
        yield _nowhere(f'"{path}" must validate all the schemas (allOf)')
    found = judged("anyOf")
    if found and all(found):
        yield from min(found, key=len)
        yield _nowhere(f'"{path}" must validate at least one schema (anyOf)')
    found = judged("oneOf")
    fitting = sum(1 for each in found if not each)
    if found and fitting != 1:
        many = f"Found {fitting} valid alternatives" if fitting else "Found none valid"
        yield from () if fitting else min(found, key=len)
        yield _nowhere(f'"{path}" must validate one and only one schema (oneOf). {many}')
    unwanted = schema.get("not")
    if isinstance(unwanted, dict) and next(value_causes(unwanted, value, path), None) is None:
        yield _nowhere(f'"{path}" must not validate the schema (not)')
