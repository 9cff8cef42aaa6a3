"""JSON patch (RFC 6902) as kube-apiserver's library reads it, which is laxer than the RFC. Pure.

What differs, since clients have come to lean on it: ``replace``, ``copy`` and ``test`` take a
member that is not there for null, ``replace`` adds it, an operation without a value means null, and
negative numbers count from a list's end.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TypeAlias

import msgspec

from virtctl.errors import ApiError, BadRequest, Invalid
from virtctl.models.documents import Document, JsonValue

_REFUSED = "the server rejected our request due to an error in our request"
_MOST = 10_000  # operations in one patch
_MOST_COPIED = 3 * 1024 * 1024
"""Bytes of JSON that all ``copy`` of one patch may make, since each can double a document."""
_INDEX = re.compile(r"[+-]?[0-9]+")
_TEXTS = ("op", "path", "from")
_GO_WORDS: dict[type, str] = {list: "array", str: "string", bool: "bool", dict: "object"}
_Holder: TypeAlias = "Document | list[JsonValue]"


class _Refused(Exception):
    """An operation that does not fit the document."""


def check_operations(body: JsonValue) -> list[Document]:
    """``body`` as operations. Raises ``BadRequest``, and 413 for too many of them."""
    if not isinstance(body, list):
        raise BadRequest("error decoding patch: a JSON patch is a list of operations")
    found = [_checked(operation) for operation in body]
    if len(found) > _MOST:
        raise ApiError(
            f"The allowed maximum operations in a JSON patch is {_MOST}, got {len(found)}",
            code=413,
            reason="RequestEntityTooLarge",
        )
    return found


def _checked(operation: JsonValue) -> Document:
    if operation is None:
        return {}
    if not isinstance(operation, dict):
        raise _undecodable(operation, "value of type handlers.jsonPatchOp")
    for name in _TEXTS:
        value = operation.get(name)
        if value is not None and not isinstance(value, str):
            raise _undecodable(value, f"struct field jsonPatchOp.{name} of type string")
    return operation


def _undecodable(value: JsonValue, target: str) -> BadRequest:
    word = _GO_WORDS.get(type(value), "number")
    return BadRequest(f"error decoding patch: json: cannot unmarshal {word} into Go {target}")


def apply_json_patch(document: Document, body: JsonValue) -> Document:
    """``document`` after the operations; a failing ``test`` or path raises ``Invalid``.

    Raises ``BadRequest`` when ``body`` is no JSON patch.
    """
    result: JsonValue = deepcopy(document)
    copied = 0
    try:
        for operation in check_operations(body):
            if operation.get("op") == "copy":
                copied += _copy(result, operation, _MOST_COPIED - copied)
            else:
                result = _apply(result, operation)
    except _Refused as error:
        raise Invalid(_REFUSED) from error
    if not isinstance(result, dict):
        raise Invalid(_REFUSED)
    return result


def _apply(document: JsonValue, operation: Document) -> JsonValue:
    """``document``, changed in place unless it is replaced whole."""
    verb = operation.get("op")
    path, value = _path(operation, "path"), deepcopy(operation.get("value"))
    if path == "" and verb in {"replace", "test"}:
        return _whole(document, str(verb), value)
    match verb:
        case "add":
            _add(*_find(document, path), value)
        case "replace":
            holder, key = _find(document, path)
            _get(holder, key)
            _set(holder, key, value)
        case "remove":
            _remove(*_find(document, path))
        case "test":
            if not _equal(_get(*_find(document, path)), value):
                raise _Refused(path)
        case "move":
            holder, key = _find(document, _path(operation, "from"))
            found = _get(holder, key)
            _remove(holder, key)
            _add(*_find(document, path), found)
        case _:
            raise _Refused(f"unknown operation {verb}")
    return document


def _copy(document: JsonValue, operation: Document, most: int) -> int:
    """Copy within ``document``, in place, ``most`` bytes at most; how many that were."""
    path = _path(operation, "path")
    found = _get(*_find(document, _path(operation, "from")))
    size = len(msgspec.json.encode(found))
    if size > most:
        raise _Refused("too much is copied")
    _add(*_find(document, path), deepcopy(found))
    return size


def _path(operation: Document, name: str) -> str:
    found = operation.get(name)
    if not isinstance(found, str):
        raise _Refused(f"no {name}")
    return found


def _whole(document: JsonValue, verb: str, value: JsonValue) -> JsonValue:
    if verb == "test":
        if not _equal(document, value):
            raise _Refused("the document")
        return document
    if not isinstance(value, (dict, list)):
        raise _Refused("a document is an object or a list")
    return value


def _find(document: JsonValue, path: str) -> tuple[_Holder, str]:
    """What holds the value at ``path``, and its key there."""
    parts = path.split("/")
    if len(parts) < 2:
        raise _Refused(path)
    here = document
    for part in parts[1:-1]:
        here = _get(_holder(here, path), _unescape(part))
    return _holder(here, path), _unescape(parts[-1])


def _holder(value: JsonValue, path: str) -> _Holder:
    if not isinstance(value, (dict, list)):
        raise _Refused(path)
    return value


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _index(key: str, size: int) -> int:
    """A position below ``size``; -1 is the last one."""
    if not _INDEX.fullmatch(key) or len(key) > 19:
        raise _Refused(key)
    index = int(key)
    if not -size <= index < size:
        raise _Refused(key)
    return index + size if index < 0 else index


def _get(holder: _Holder, key: str) -> JsonValue:
    if isinstance(holder, dict):
        return holder.get(key)
    return holder[_index(key, len(holder))]


def _set(holder: _Holder, key: str, value: JsonValue) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder[_index(key, len(holder))] = value


def _add(holder: _Holder, key: str, value: JsonValue) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    elif key == "-":
        holder.append(value)
    else:
        holder.insert(_index(key, len(holder) + 1), value)


def _remove(holder: _Holder, key: str) -> None:
    if isinstance(holder, list):
        holder.pop(_index(key, len(holder)))
    elif key in holder:
        del holder[key]
    else:
        raise _Refused(key)


def _equal(one: JsonValue, other: JsonValue) -> bool:
    """Whether both are the same JSON: True is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return one == other
