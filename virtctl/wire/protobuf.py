"""Kubernetes protobuf request bodies to documents. Decoding only: answers are JSON.

kubectl sends ``create namespace|secret|configmap|serviceaccount|token|role|quota|pdb`` and others,
and the access reviews, as protobuf and does not try JSON after a 415. The envelope is ``k8s\\0``
and a ``runtime.Unknown``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from virtctl.errors import BadRequest, UnsupportedMediaType
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.podfields import VERSIONED
from virtctl.wire.protofields import MESSAGES

MAGIC = b"k8s\x00"


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    repeated: bool
    pointer: bool


@cache
def _fields(message: str) -> dict[int, _Field]:
    found = {}
    for number, text in MESSAGES[message].items():
        name, _, type_ = text.partition(" ")
        pointer = type_.endswith("?")
        bare = type_.removesuffix("?").removeprefix("[]")
        found[number] = _Field(name, bare or "string", type_.startswith("[]"), pointer)
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values. Raises ``IndexError`` when cut off."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        match tag & 7:
            case 0:
                value, position = _varint(data, position)
                yield tag >> 3, value
                continue
            case 1:
                size = 8
            case 2:
                size, position = _varint(data, position)
            case 5:
                size = 4
            case other:
                raise IndexError(f"wire type {other}")
        if position + size > len(data):
            raise IndexError("cut off")
        yield tag >> 3, data[position : position + size]
        position += size


def _raw(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        return int.from_bytes(value, "little")
    return value - (1 << 64) if value >> 63 else value


def _time(data: bytes) -> JsonValue:
    seconds = next((_number(value) for number, value in _wire(data) if number == 1), 0)
    if seconds <= 0:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _int_or_string(data: bytes) -> JsonValue:
    parts = dict(_wire(data))
    if _number(parts.get(1, 0)):
        return _raw(parts.get(3, b"")).decode()
    return _number(parts.get(2, 0))


def _text(value: int | bytes) -> JsonValue:
    return _raw(value).decode()


_SCALARS: dict[str, Callable[[int | bytes], JsonValue]] = {
    "string": _text,
    "bytes": lambda value: base64.b64encode(_raw(value)).decode(),
    "int": _number,
    "bool": lambda value: bool(_number(value)),
    "Quantity": lambda value: _text(dict(_wire(_raw(value))).get(1, b"")),
    "Time": lambda value: _time(_raw(value)),
    "IntOrString": lambda value: _int_or_string(_raw(value)),
}


def _value(type_: str, value: int | bytes) -> JsonValue:
    scalar = _SCALARS.get(type_)
    return scalar(value) if scalar else _message(type_, _raw(value))


def _entry(type_: str, data: bytes) -> Document:
    """One entry of a map."""
    parts = dict(_wire(data))
    key = _raw(parts.get(1, b"")).decode()
    return {key: _value(type_.partition(":")[2] or "string", parts.get(2, b""))}


def _message(type_: str, data: bytes) -> Document:
    fields = _fields(type_)
    result: Document = {}
    for number, raw in _wire(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.type.startswith("map"):
            entries = result.setdefault(field.name, {})
            if isinstance(entries, dict):
                entries.update(_entry(field.type, _raw(raw)))
            continue
        value = _value(field.type, raw)
        if field.name == "*" and isinstance(value, dict):
            result.update(value)
        elif field.repeated:
            values = result.setdefault(field.name, [])
            if isinstance(values, list):
                values.append(value)
        elif value is not None and (field.pointer or value not in ("", 0, False)):
            result[field.name] = value
    return result


def decode(body: bytes) -> Document:
    """The object in ``body``. Raises ``BadRequest``, and ``UnsupportedMediaType`` by kind."""
    try:
        envelope = dict(_wire(body[len(MAGIC) :]))
        names = dict(_wire(_raw(envelope.get(1, b""))))
        api_version, kind = _raw(names.get(1, b"")).decode(), _raw(names.get(2, b"")).decode()
        if kind not in MESSAGES:
            raise UnsupportedMediaType(
                f"protobuf of kind `{kind}` of `{api_version}` is not understood; send JSON"
            )
        content = _message(VERSIONED.get((api_version, kind), kind), _raw(envelope.get(2, b"")))
    except (IndexError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body of the request is not protobuf: {error}") from error
    return {"apiVersion": api_version, "kind": kind, **content}
