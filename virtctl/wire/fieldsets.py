"""Sets of fields, as server-side apply keeps them in ``managedFields`` (``FieldsV1``). Pure.

A path is a tuple of parts spelled as in FieldsV1: ``f:name`` for a field, ``k:{"name":"a"}`` for an
element of a keyed list, ``v:"a"`` for an element of a set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from enum import Enum, auto

from virtctl.models.documents import Document, JsonValue
from virtctl.wire.patches import Structure

Path = tuple[str, ...]
FieldSet = frozenset[Path]

_SELF = "."
_KEY_DEFAULTS: Document = {"protocol": "TCP"}  # of ports, whose key it is a part of
_UNOWNED = frozenset(
    ("f:metadata", f"f:{name}")
    for name in (
        "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields",
        "generateName",
    )
) | {("f:apiVersion",), ("f:kind",)}  # fmt: skip


def _dump(value: JsonValue) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _names(path: Path) -> tuple[str, ...]:
    """Field names on the way, as schemas spell paths: without list elements."""
    return tuple(part[2:] for part in path if part.startswith("f:"))


def element_part(item: JsonValue, keys: tuple[str, ...]) -> str:
    """How an element of a keyed list or, with no keys, of a set is spelled."""
    if keys and isinstance(item, dict):
        found = {**_KEY_DEFAULTS, **item}
        return "k:" + _dump({key: found[key] for key in keys if key in found})
    return "v:" + _dump(item)


def _walk(value: JsonValue, path: Path, structure: Structure) -> Iterator[Path]:
    if isinstance(value, dict) and value and not structure.is_atomic(_names(path)):
        for name, inner in value.items():
            yield from _walk_field(inner, (*path, f"f:{name}"), structure)
        return
    if isinstance(value, list) and value:
        keys = structure(_names(path))
        if keys is not None:
            for item in value:
                where = (*path, element_part(item, keys))
                yield where
                if keys:
                    yield from _walk(item, where, structure)
            return
    if path:
        yield path


def fields_of(document: Document, structure: Structure) -> FieldSet:
    """All fields that ``document`` sets."""
    return frozenset(_walk(document, (), structure))


def misfits(value: JsonValue, structure: Structure, path: Path = ()) -> Iterator[str]:
    """Why elements of lists in ``value`` cannot be told apart, in the words of the real merger."""
    if isinstance(value, dict) and not structure.is_atomic(_names(path)):
        for name, inner in value.items():
            yield from misfits(inner, structure, (*path, f"f:{name}"))
    if not isinstance(value, list) or (keys := structure(_names(path))) is None:
        return
    seen: set[str] = set()
    for position, item in enumerate(value):
        known = {**_KEY_DEFAULTS, **item} if isinstance(item, dict) else {}
        if lacking := [key for key in keys if key not in known]:
            yield (
                f"{spell(path)}: element {position}: associative list with keys has an element "
                f'that omits key field "{lacking[0]}" (and doesn\'t have default value)'
            )
            continue
        part = element_part(item, keys)
        if part in seen:
            yield f"{spell(path)}: duplicate entries for key {spell((part,))}"
        seen.add(part)
        yield from misfits(item, structure, (*path, part))


def encode(fields: Iterable[Path]) -> Document:
    """``fieldsV1``."""
    result: Document = {}
    for path in sorted(fields):
        here = result
        for part in path:
            inner = here.setdefault(part, {})
            if isinstance(inner, dict):
                here = inner
        if path and path[-1][:2] in {"k:", "v:"}:
            here.setdefault(_SELF, {})
    return _tidy(result)


def _tidy(tree: Document) -> Document:
    """``tree`` without the self marks of elements that own nothing below."""
    result: Document = {}
    for part, inner in tree.items():
        if not isinstance(inner, dict):
            continue
        only_self = part.startswith("v:") and set(inner) == {_SELF}
        result[part] = {} if only_self else _tidy(inner)
    return result


def decode(tree: JsonValue, path: Path = ()) -> FieldSet:
    """The paths of ``fieldsV1``."""
    if not isinstance(tree, dict):
        return frozenset()
    found: set[Path] = set()
    for part, inner in tree.items():
        if part == _SELF:
            found.add(path)
        elif isinstance(inner, dict) and inner:
            found |= decode(inner, (*path, part))
        else:
            found.add((*path, part))
    return frozenset(found)


class Absent(Enum):
    """Marks that nothing is at a path."""

    ABSENT = auto()


_ABSENT = Absent.ABSENT


def lookup(document: JsonValue, path: Path) -> JsonValue | Absent:
    """The value at ``path``."""
    here: JsonValue | Absent = document
    for part in path:
        if here is _ABSENT:
            return _ABSENT
        here = _step(here, part)
    return here


def _step(here: JsonValue | Absent, part: str) -> JsonValue | Absent:
    if part.startswith("f:"):
        return here.get(part[2:], _ABSENT) if isinstance(here, dict) else _ABSENT
    index = find_element(here, part)
    return here[index] if index is not None and isinstance(here, list) else _ABSENT


def find_element(here: JsonValue | Absent, part: str) -> int | None:
    """The index of the list element that ``part`` names."""
    if not isinstance(here, list):
        return None
    wanted: JsonValue = json.loads(part[2:])
    for index, item in enumerate(here):
        if _is_element(item, wanted, by_value=part.startswith("v:")):
            return index
    return None


def _is_element(item: JsonValue, wanted: JsonValue, *, by_value: bool) -> bool:
    if by_value:
        return item == wanted
    if not isinstance(item, dict) or not isinstance(wanted, dict):
        return False
    return all(item.get(key, _KEY_DEFAULTS.get(key)) == value for key, value in wanted.items())


def remove(document: Document, path: Path) -> None:
    """Delete the value at ``path`` from ``document``, in place."""
    holder, part = lookup(document, path[:-1]), path[-1]
    if part.startswith("f:"):
        if isinstance(holder, dict):
            holder.pop(part[2:], None)
        return
    index = find_element(holder, part)
    if index is not None and isinstance(holder, list):
        holder.pop(index)


def changed(old: Document, new: Document, structure: Structure) -> tuple[FieldSet, FieldSet]:
    """Fields that ``new`` sets otherwise than ``old``, and fields that it no longer sets."""
    mine, others = set[Path](), set[Path]()
    _walk_both(old, new, (), (mine, others), structure)
    before, after = frozenset(mine), frozenset(others)
    different = {
        path
        for path in after
        if path not in before or (_is_leaf(path, after) and lookup(old, path) != lookup(new, path))
    }
    return frozenset(different), before - after


def _walk_both(
    old: Document,
    new: Document,
    path: Path,
    found: tuple[set[Path], set[Path]],
    structure: Structure,
) -> None:
    """Add the fields of each to ``found``, but for those of members that are the same in both."""
    before, after = found
    if old and new and not structure.is_atomic(_names(path)):
        for name in {**old, **new}:
            one, other = old.get(name), new.get(name)
            where = (*path, f"f:{name}")
            if one == other and type(one) is type(other):
                continue
            if isinstance(one, dict) and isinstance(other, dict) and where not in _UNOWNED:
                _walk_both(one, other, where, found, structure)
            else:
                before.update(_walk_field(one, where, structure))
                after.update(_walk_field(other, where, structure))
        return
    before.update(_walk(old, path, structure))
    after.update(_walk(new, path, structure))


def _walk_field(value: JsonValue, where: Path, structure: Structure) -> Iterator[Path]:
    if where not in _UNOWNED and value is not None:
        yield from _walk(value, where, structure)


def _is_leaf(path: Path, fields: FieldSet) -> bool:
    """Whether nothing below ``path`` is told apart; only elements of lists are not leaves."""
    return path[-1].startswith("f:") or not any(
        other[: len(path)] == path and len(other) > len(path) for other in fields
    )


def merge(live: JsonValue, wanted: JsonValue, structure: Structure, path: Path = ()) -> JsonValue:
    """``live`` with all that ``wanted`` sets; keyed lists merge by element."""
    if isinstance(wanted, dict) and not structure.is_atomic(_names(path)):
        result = dict(live) if isinstance(live, dict) else {}
        for name, value in wanted.items():
            if value is not None:
                result[name] = merge(result.get(name), value, structure, (*path, f"f:{name}"))
        return result
    if isinstance(wanted, list) and isinstance(live, list):
        keys = structure(_names(path))
        if keys is not None:
            return _merge_elements(live, wanted, structure, (path, keys))
    return deepcopy(wanted)


def _merge_elements(
    live: list[JsonValue],
    wanted: list[JsonValue],
    structure: Structure,
    where: tuple[Path, tuple[str, ...]],
) -> list[JsonValue]:
    path, keys = where
    result = list(live)
    for item in wanted:
        part = element_part(item, keys)
        index = find_element(result, part)
        if index is None:
            result.append(deepcopy(item))
        elif keys:
            result[index] = merge(result[index], item, structure, (*path, part))
    return result


def spell(path: Path) -> str:
    """``path`` as messages show it: ``.spec.volumes[name="a"].disk``."""
    shown = []
    for part in path:
        if part.startswith("f:"):
            shown.append("." + part[2:])
        elif part.startswith("k:"):
            pairs = json.loads(part[2:]).items()
            shown.append("[" + ",".join(f"{key}={_dump(value)}" for key, value in pairs) + "]")
        else:
            shown.append(f"[={part[2:]}]")
    return "".join(shown)
