"""A machine as a program in Go has it after decoding: typed, and written anew."""

from __future__ import annotations

from virtctl.errors import VirtctlError
from virtctl.local.api import schema
from virtctl.local.api.defaults.roundtrip import canonical
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
    for problem in schema.problems(VIRTUAL_MACHINE, machine):
        if problem.what in _DECODED:
            wanted = problem.shape.json if problem.what == "type" else "value that can be read"
            raise VirtctlError(f"`{problem.indexed}`: must be a {wanted}; got `{problem.value}`")
    return _written(machine)


def loosely(machine: Document) -> Document:
    """As ``strictly`` for what a server sent: what does not fit the types is left out."""
    return _written(schema.prune(VIRTUAL_MACHINE, _without_nulls(machine)))


def _written(machine: Document) -> Document:
    made = canonical(schema.shape_of_kind(VIRTUAL_MACHINE), machine)
    made["apiVersion"], made["kind"] = VIRTUAL_MACHINE.api_version, VIRTUAL_MACHINE.name
    return as_written(made)


def _without_nulls(machine: Document) -> Document:
    found = _clean(machine)
    return found if isinstance(found, dict) else {}


def _clean(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value
