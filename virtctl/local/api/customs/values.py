"""Values against structural schemas, in the words of apiextensions."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import spelled
from virtctl.local.api.customs.structural import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE
from virtctl.local.api.schema import json_type
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import parse_duration

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


def value_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    """What is wrong with ``value`` at ``path``."""
    wrong = _type_cause(schema, value, path)
    if wrong is not None:
        yield wrong
        return
    if value is None:
        return
    yield from _enum_causes(schema, value, path)
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
        return _mistyped(path, "integer,string", value)
    type_ = documents.text(schema, "type")
    if not type_ or type_ not in _FITS or _FITS[type_](value):
        return None
    return _mistyped(path, type_, value)


def _mistyped(path: str, wanted: str, value: JsonValue) -> Cause:
    found = json_type(value)
    text = f'"{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause("FieldValueTypeInvalid", f"Invalid value: {text}", path)


def _bad(path: str, value: JsonValue, problem: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {spelled(value)}: {problem}", path)


def _enum_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        shown = ", ".join(spelled(choice) for choice in choices)
        problem = f"Unsupported value: {spelled(value)}: supported values: {shown}"
        yield Cause("FieldValueNotSupported", problem, path)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _map_causes(schema: Document, value: Document, path: str) -> Iterator[Cause]:
    for name in documents.items(schema, "required"):
        if str(name) not in value:
            yield Cause("FieldValueRequired", "Required value", _join(path, str(name)))
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if isinstance(least, int) and len(value) < least:
        yield _bad(path, len(value), f"{path} in body should have at least {least} properties")
    if isinstance(most, int) and len(value) > most:
        yield _too_many(path, len(value), most)
    members = documents.child(schema, "properties")
    others = schema.get("additionalProperties")
    skipped = _IDENTITY if schema.get(EMBEDDED) is True else frozenset()
    for name, member in value.items():
        inner = members.get(name, others)
        if isinstance(inner, dict) and name not in skipped:
            where = _join(path, name) if name in members else f"{path}[{name}]"
            yield from value_causes(inner, member, where)


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
    for position, item in enumerate(value):
        shown = item
        if type_ == "map" and isinstance(item, dict):
            shown = {name: item.get(name) for name in names}
        key = spelled(shown)
        if key in seen:
            yield Cause("FieldValueDuplicate", f"Duplicate value: {key}", f"{path}[{position}]")
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
        yield Cause("FieldValueTooLong", f"Too long: may not be more than {most} bytes", path)
    if isinstance(least, int) and len(value) < least:
        yield _bad(path, value, f"{path} in body should be at least {least} chars long")
    if isinstance(pattern, str):
        compiled = _pattern(pattern)
        if compiled is not None and not compiled.search(value):
            yield _bad(path, value, f"{path} in body should match '{pattern}'")
    form = documents.text(schema, "format")
    if form and not _has_format(form, value):
        yield _bad(path, value, f"{path} in body must be of type {form}: {spelled(value)}")


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
    if isinstance(step, (int, float)) and step and value % step:
        yield _bad(path, value, f"{path} in body should be a multiple of {step}")


def _fits(schema: Document, value: JsonValue, path: str) -> bool:
    return next(value_causes(schema, value, path), None) is None


def _junction_causes(schema: Document, value: JsonValue, path: str) -> Iterator[Cause]:
    """``allOf``, ``anyOf``, ``oneOf`` and ``not``."""
    for inner in documents.objects(schema, "allOf"):
        yield from value_causes(inner, value, path)
    fitting = {
        name: [_fits(inner, value, path) for inner in documents.objects(schema, name)]
        for name in ("anyOf", "oneOf")
        if schema.get(name)
    }
    if "anyOf" in fitting and not any(fitting["anyOf"]):
        yield _bad(path, value, f'"{path}" must validate at least one schema (anyOf)')
    if "oneOf" in fitting and sum(fitting["oneOf"]) != 1:
        many = "Found none valid" if not any(fitting["oneOf"]) else "Found several valid"
        problem = f'"{path}" must validate one and only one schema (oneOf). {many} alternatives'
        yield _bad(path, value, problem)
    forbidden = schema.get("not")
    if isinstance(forbidden, dict) and _fits(forbidden, value, path):
        yield _bad(path, value, f'"{path}" must not validate the schema (not)')


def _base64(value: str) -> object:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(value) from error


_MAC = re.compile(r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
_FORMATS: dict[str, Callable[[str], object]] = {
    "date-time": lambda value: datetime.fromisoformat(value).tzinfo or _no(value),
    "date": date.fromisoformat,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "cidr": ipaddress.ip_interface,
    "uuid": uuid.UUID,
    "duration": parse_duration,
    "byte": _base64,
    "mac": lambda value: _MAC.match(value) or _no(value),
    "email": lambda value: _EMAIL.match(value) or _no(value),
}


def _no(value: str) -> object:
    raise ValueError(value)


def _has_format(form: str, value: str) -> bool:
    """Whether ``value`` has the format; those that aren't known fit always."""
    read = _FORMATS.get(form)
    if read is None:
        return True
    try:
        read(value)
    except ValueError:
        return False
    return True
