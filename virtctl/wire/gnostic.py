"""OpenAPI v2 documents as protobuf: the message ``openapi.v2.Document`` of gnostic.

kubectl reads them for ``explain --output=plaintext-openapiv2``, and where OpenAPI v3 does not know
a kind. Only what API servers write is known: schemas, and the parameters of operations. Encoding
only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import msgspec

from virtctl.models.documents import Document, JsonValue

_VARINT, _FIXED64, _BYTES = 0, 1, 2


def encode(document: Document) -> bytes:
    """The message of an OpenAPI v2 ``document``."""
    info = _child(document, "info")
    parts = [
        _text(1, document.get("swagger")),
        _part(2, _text(1, info.get("title")) + _text(2, info.get("version"))),
        _part(8, _named(2, _child(document, "paths"), _path)),
        _part(9, _named(1, _child(document, "definitions"), _schema)),
    ]
    return b"".join(parts)


def _path(item: Document) -> bytes:
    numbers = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 7}
    return b"".join(
        _part(number, _operation(_child(item, method)))
        for method, number in numbers.items()
        if method in item
    )


def _operation(operation: Document) -> bytes:
    parameters = operation.get("parameters")
    found = [
        _part(8, _part(1, _parameter(parameter)))
        for parameter in (parameters if isinstance(parameters, list) else [])
        if isinstance(parameter, dict)
    ]
    answers = _named(1, _child(operation, "responses"), _response)
    return b"".join([*found, _part(9, answers), *_extensions(13, operation)])


def _parameter(parameter: Document) -> bytes:
    place, name = parameter.get("in"), parameter.get("name")
    needed = _flag(parameter.get("required"))
    if place == "body":
        body = [_text(2, name), _text(3, place), _varint(4, needed)]
        return _part(1, b"".join([*body, _part(5, _schema(_child(parameter, "schema")))]))
    plain = [_varint(1, needed), _text(2, place), _text(4, name)]
    if place == "path":
        return _part(2, _part(4, b"".join([*plain, _text(5, parameter.get("type"))])))
    unique = _varint(20, _flag(parameter.get("uniqueItems")))
    return _part(2, _part(3, b"".join([*plain, _text(6, parameter.get("type")), unique])))


def _response(response: Document) -> bytes:
    described = _text(1, response.get("description"))
    if "schema" in response:
        described += _part(2, _part(1, _schema(_child(response, "schema"))))
    return _part(1, described)


def _schema(schema: Document) -> bytes:
    parts = [write(schema[name]) for name, write in _FIELDS.items() if name in schema]
    return b"".join([*parts, *_extensions(31, schema)])


def _listed(number: int, value: JsonValue, write: Callable[[int, JsonValue], bytes]) -> bytes:
    return b"".join(write(number, item) for item in (value if isinstance(value, list) else [value]))


def _values(value: JsonValue) -> bytes:
    if isinstance(value, dict):
        return _part(21, _part(1, _schema(value)))
    return _part(21, _key(2, _VARINT) + _number(_flag(value)))


def _subschema(number: int, value: JsonValue) -> bytes:
    return _part(number, _schema(value)) if isinstance(value, dict) else b""


_FIELDS: dict[str, Callable[[JsonValue], bytes]] = {
    "$ref": lambda value: _text(1, value),
    "format": lambda value: _text(2, value),
    "title": lambda value: _text(3, value),
    "description": lambda value: _text(4, value),
    "default": lambda value: _part(5, _any(value)),
    "multipleOf": lambda value: _double(6, value),
    "maximum": lambda value: _double(7, value),
    "exclusiveMaximum": lambda value: _varint(8, _flag(value)),
    "minimum": lambda value: _double(9, value),
    "exclusiveMinimum": lambda value: _varint(10, _flag(value)),
    "maxLength": lambda value: _varint(11, _whole(value)),
    "minLength": lambda value: _varint(12, _whole(value)),
    "pattern": lambda value: _text(13, value),
    "maxItems": lambda value: _varint(14, _whole(value)),
    "minItems": lambda value: _varint(15, _whole(value)),
    "uniqueItems": lambda value: _varint(16, _flag(value)),
    "maxProperties": lambda value: _varint(17, _whole(value)),
    "minProperties": lambda value: _varint(18, _whole(value)),
    "required": lambda value: _listed(19, value, _text),
    "enum": lambda value: _listed(20, value, lambda number, item: _part(number, _any(item))),
    "additionalProperties": _values,
    "type": lambda value: _part(22, _listed(1, value, _text)),
    "items": lambda value: _part(23, _listed(1, value, _subschema)),
    "allOf": lambda value: _listed(24, value, _subschema),
    "properties": lambda value: _part(
        25, _named(1, value if isinstance(value, dict) else {}, _schema)
    ),
}
"""Members of a schema and what writes them."""


def _named(number: int, members: Document, write: Callable[[Document], bytes]) -> bytes:
    """A map, which gnostic spells as a list of names with values."""
    return b"".join(
        _part(number, _text(1, name) + _part(2, write(value)))
        for name, value in members.items()
        if isinstance(value, dict)
    )


def _extensions(number: int, schema: Document) -> Iterator[bytes]:
    for name, value in schema.items():
        if name.startswith("x-"):
            yield _part(number, _text(1, name) + _part(2, _any(value)))


def _any(value: JsonValue) -> bytes:
    """A value of any type, as YAML, which JSON is."""
    return _part(2, msgspec.json.encode(value) + b"\n")


def _child(document: Document, name: str) -> Document:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _flag(value: JsonValue) -> int:
    return int(value is True)


def _whole(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _number(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _key(number: int, kind: int) -> bytes:
    return _number(number << 3 | kind)


def _part(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _number(len(content)) + content


def _text(number: int, value: JsonValue) -> bytes:
    return _part(number, value.encode()) if isinstance(value, str) and value else b""


def _varint(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _number(value) if value else b""


def _double(number: int, value: JsonValue) -> bytes:
    if not isinstance(value, int | float):
        return b""
    return _key(number, _FIXED64) + struct.pack("<d", float(value))
