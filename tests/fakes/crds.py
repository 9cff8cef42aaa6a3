"""Models against the schemas of the real CustomResourceDefinitions, where those are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from virtctl.local.api.shapes import Shape, shape_of
from virtctl.models.typed import model_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "crds.json"


@cache
def crds():
    """The facts of all definitions by name. Skips the test when they are not there."""
    if not DATA.exists():
        pytest.skip("no schemas of real definitions here")
    return json.loads(DATA.read_text())


def real(name: str, *path: str):
    """The real schema of a definition's v1, or of the field at ``path`` through lists."""
    (version,) = (item for item in crds()[name]["versions"] if item["name"] == "v1")
    found = version["schema"]["openAPIV3Schema"]
    for part in path:
        found = found["properties"][part]
        while "items" in found:
            found = found["items"]
    return found


def of(kind) -> dict:
    """The real schema of ``kind`` in its stored version."""
    (version,) = (
        item for item in crds()[kind.resource]["versions"] if item["name"] == kind.version
    )
    return version["schema"]["openAPIV3Schema"]


def typed_differences(kind) -> list[str]:
    """Where our model of ``kind`` is not as the real schema."""
    return differences(model_of(kind), of(kind))


MACHINE, INSTANCE = "virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io"
KUBEVIRT = "kubevirts.kubevirt.io"


def differences(model, schema) -> list[str]:
    """Where ``model`` is not as the real schema; what the real one leaves open may be typed."""
    return list(_differences(shape_of(model), schema, model.__name__))


def _differences(shape: Shape, schema, path: str) -> Iterator[str]:
    ours = "int-or-string" if shape.json == "int-or-string" else shape.json
    theirs = "int-or-string" if schema.get("x-kubernetes-int-or-string") else schema.get("type")
    if ours != theirs:
        yield f"{path}: type {ours}, really {theirs}"
        return
    yield from _fact_differences(shape, schema, path)
    if "properties" in schema:
        if path.endswith(".metadata") and path.count(".") == 1:
            return
        names, real_names = set(shape.fields), set(schema["properties"])
        for name in sorted(names ^ real_names):
            yield f"{path}.{name}: {'not real' if name in names else 'missing'}"
        for name in sorted(names & real_names):
            inner, real_inner = shape.fields[name], schema["properties"][name]
            yield from _differences(inner, real_inner, f"{path}.{name}")
        if set(shape.required) != set(schema.get("required", [])):
            yield f"{path}: required {shape.required}, really {schema.get('required')}"
    if "items" in schema and shape.items is not None:
        yield from _differences(shape.items, schema["items"], f"{path}[]")
    values = schema.get("additionalProperties")
    if isinstance(values, dict) and shape.values is not None:
        yield from _differences(shape.values, values, f"{path}{{}}")


_BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "min_items": "minItems",
    "max_items": "maxItems",
}


def _fact_differences(shape: Shape, schema, path: str) -> Iterator[str]:
    fact = shape.fact
    if fact.format != schema.get("format", ""):
        yield f"{path}: format {fact.format!r}, really {schema.get('format')!r}"
    if "enum" in schema and list(fact.enum) != schema["enum"]:
        yield f"{path}: enum {fact.enum}, really {schema['enum']}"
    for name, real_name in _BOUNDS.items():
        ours, theirs = getattr(fact, name), schema.get(real_name)
        if (None if ours == "" else ours) != theirs and not fact.is_quantity:
            yield f"{path}: {name} {ours}, really {theirs}"
    keys = schema.get("x-kubernetes-list-map-keys")
    if keys and list(shape.keys or ()) != keys:
        yield f"{path}: keys {shape.keys}, really {keys}"
    if schema.get("x-kubernetes-list-type") == "set" and shape.keys != ():
        yield f"{path}: no set"
    if (schema.get("x-kubernetes-map-type") == "atomic") != shape.is_atomic and shape.fields:
        yield f"{path}: atomic {shape.is_atomic}"
    if bool(schema.get("nullable")) != shape.is_nullable:
        yield f"{path}: nullable {shape.is_nullable}"
