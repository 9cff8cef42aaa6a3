"""Merge patch and strategic merge patch, and what patches are.

JSON patch is in ``jsonpatches``, server-side apply in ``applying``.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from virtctl.errors import UnsupportedMediaType
from virtctl.models.documents import Document, JsonValue

FieldPath = tuple[str, ...]
ListKeys = Callable[[FieldPath], tuple[str, ...] | None]
"""The keys that identify elements of the list at a path; () for a set, None when it is atomic."""


class Structure(Protocol):
    """What server-side apply knows of an object: ``ListKeys``, and which objects are atomic."""

    def __call__(self, path: FieldPath) -> tuple[str, ...] | None:
        """See ``ListKeys``."""

    def is_atomic(self, path: FieldPath) -> bool:
        """Whether the object at ``path`` is owned as a whole."""


class PatchType(StrEnum):
    """Content types of PATCH."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class PatchBody:
    """A decoded patch and its content type."""

    content_type: str
    body: JsonValue


def json_patch(*operations: Document) -> PatchBody:
    """A JSON patch (RFC 6902) of ``operations``."""
    return PatchBody(PatchType.JSON, list(operations))


def merge_patch(body: Document) -> PatchBody:
    """A merge patch (RFC 7386)."""
    return PatchBody(PatchType.MERGE, body)


def parse_type(
    content_type: str, accepted: frozenset[PatchType] = frozenset(PatchType)
) -> PatchType:
    """The patch type of a Content-Type header, one of ``accepted``.

    Raises ``UnsupportedMediaType``.
    """
    base = content_type.split(";", maxsplit=1)[0].strip().lower()
    if base in accepted:
        return PatchType(base)
    known = ", ".join(type_ for type_ in PatchType if type_ in accepted)
    raise UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {known}"
    )


def apply_merge_patch(document: JsonValue, patch: JsonValue) -> JsonValue:
    """``document`` after RFC 7386: objects merge, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply_merge_patch(result.get(key), value)
    return result


def apply_strategic_patch(
    document: Document, patch: Document, list_keys: ListKeys, path: FieldPath = ()
) -> Document:
    """``document`` after a strategic merge patch; lists with keys merge element by element."""
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = _retained(document, patch)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        where = (*path, key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(result.get(key), value, list_keys, where)
        elif isinstance(value, dict):
            if value.get("$patch") == "delete":
                result.pop(key, None)
                continue
            inner = result.get(key)
            inner = inner if isinstance(inner, dict) else {}
            result[key] = apply_strategic_patch(inner, value, list_keys, where)
        else:
            result[key] = value
    _directives(result, patch, list_keys, path)
    return result


def _retained(document: Document, patch: Document) -> Document:
    """``document`` without what ``$retainKeys`` leaves out."""
    retain = patch.get("$retainKeys")
    if not isinstance(retain, list):
        return dict(document)
    return {key: value for key, value in document.items() if key in retain}


def _directives(result: Document, patch: Document, list_keys: ListKeys, path: FieldPath) -> None:
    """Carry out ``$deleteFromPrimitiveList`` and ``$setElementOrder``."""
    for key, value in patch.items():
        directive, _, field = key.partition("/")
        current = result.get(field)
        if not isinstance(current, list) or not isinstance(value, list):
            continue
        if directive == "$deleteFromPrimitiveList":
            result[field] = [item for item in current if item not in value]
        elif directive == "$setElementOrder":
            result[field] = _reorder(current, value, list_keys((*path, field)))


def _reorder(
    current: list[JsonValue], order: list[JsonValue], keys: tuple[str, ...] | None
) -> list[JsonValue]:
    """The listed elements in the listed order; others keep their places."""
    identities = [_identity(item, keys) for item in order]
    positions = [index for index, item in enumerate(current) if _identity(item, keys) in identities]
    listed = sorted(
        (current[index] for index in positions),
        key=lambda item: identities.index(_identity(item, keys)),
    )
    result = list(current)
    for index, item in zip(positions, listed, strict=True):
        result[index] = item
    return result


def _identity(item: JsonValue, keys: tuple[str, ...] | None) -> JsonValue:
    if isinstance(item, dict) and keys:
        return [item.get(key) for key in keys[:1]]
    return item


def _merge_list(
    current: JsonValue, patch: list[JsonValue], list_keys: ListKeys, path: FieldPath
) -> JsonValue:
    keys = list_keys(path)
    old = list(current) if isinstance(current, list) else []
    if keys is None:
        return patch
    if not keys:
        return old + [item for item in patch if item not in old]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        old = []
    for item in patch:
        if isinstance(item, dict):
            _merge_element(old, item, (list_keys, keys), path)
    return old


def _merge_element(
    old: list[JsonValue],
    item: Document,
    keying: tuple[ListKeys, tuple[str, ...]],
    path: FieldPath,
) -> None:
    list_keys, keys = keying
    directive = item.get("$patch")
    if directive == "replace" and len(item) == 1:
        return
    wanted = _identity(item, keys)
    index = next((i for i, other in enumerate(old) if _identity(other, keys) == wanted), None)
    if directive == "delete":
        if index is not None:
            old.pop(index)
        return
    body = {key: value for key, value in item.items() if key != "$patch"}
    if index is None:
        old.append(apply_strategic_patch({}, body, list_keys, path))
        return
    found = old[index]
    base = deepcopy(found) if isinstance(found, dict) else {}
    old[index] = apply_strategic_patch(base, body, list_keys, path)
