"""A machine as a program in Go has it after decoding: typed, and written anew."""

from __future__ import annotations

import json

from virtctl.errors import VirtctlError
from virtctl.local.api import schema
from virtctl.local.api.defaults.roundtrip import canonical
from virtctl.local.api.shapes import Shape
from virtctl.manifests.encoding import as_written
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import VIRTUAL_MACHINE

_DECODED = frozenset({"type", "sign", "pattern"})


def strictly(machine: Document) -> Document:
    """The VirtualMachine that ``machine`` makes, whatever kind it says it is.

    Raises ``VirtctlError`` for fields that there are not, and for values of a wrong type.
    """
    machine = _without_nulls(machine)
    unknown = schema.unknown_fields(VIRTUAL_MACHINE, machine)
    if unknown:
        raise VirtctlError(f'unknown field "{unknown[0]}"')
    _check(machine)
    made = _written(machine)
    made["apiVersion"], made["kind"] = VIRTUAL_MACHINE.api_version, VIRTUAL_MACHINE.name
    return made


def manifest(machine: Document) -> Document:
    """The VirtualMachine of a file, where numbers and switches may stand for words.

    Fields that there are not are left out. Raises ``VirtctlError`` for values of a wrong type.
    """
    shape = schema.shape_of_kind(VIRTUAL_MACHINE)
    worded = _worded(shape, _without_nulls(machine))
    pruned = schema.prune(VIRTUAL_MACHINE, worded) if isinstance(worded, dict) else {}
    _check(pruned)
    return _written(pruned)


def loosely(machine: Document) -> Document:
    """The VirtualMachine that a server sent: fields that there are not are left out.

    Raises ``VirtctlError`` for values of a wrong type.
    """
    pruned = schema.prune(VIRTUAL_MACHINE, _without_nulls(machine))
    _check(pruned)
    return _written(pruned)


def _check(machine: Document) -> None:
    for problem in schema.problems(VIRTUAL_MACHINE, machine):
        if problem.what in _DECODED:
            kind = problem.shape.json if problem.what == "type" else "value that can be read"
            wanted = f"{'an' if kind[0] in 'aio' else 'a'} {kind}"
            raise VirtctlError(f"`{problem.indexed}`: must be {wanted}; got `{problem.value}`")


def _written(machine: Document) -> Document:
    return as_written(canonical(schema.shape_of_kind(VIRTUAL_MACHINE), machine))


def _worded(shape: Shape, value: JsonValue) -> JsonValue:
    """``value`` with a word wherever a number or a switch stands for one."""
    if isinstance(value, dict):
        return {
            key: inner if (below := shape.fields.get(key) or shape.values) is None
            else _worded(below, inner)
            for key, inner in value.items()
        }  # fmt: skip
    if isinstance(value, list):
        return value if shape.items is None else [_worded(shape.items, one) for one in value]
    if shape.json == "string" and isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return value


def _without_nulls(machine: Document) -> Document:
    found = _clean(machine)
    return found if isinstance(found, dict) else {}


def _clean(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value
