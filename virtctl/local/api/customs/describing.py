"""Our own kinds as CustomResourceDefinitions: the shapes of the models, written as schemas."""

from __future__ import annotations

from virtctl.local.api.catalog import deprecation, is_builtin, version_rank
from virtctl.local.api.customs.printed import printed_of
from virtctl.local.api.openapi import item_bounds, value_bounds
from virtctl.local.api.schema import QUANTITY_PATTERN, shape_of_kind
from virtctl.local.api.shapes import Shape
from virtctl.models import kinds
from virtctl.models.base import Rule
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind

_SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.labelSelector",
}


def describe(kind: Kind) -> Document:
    """The definition of ``kind``, one of our own custom resources, as it is to be created."""
    names: Document = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.singular,
    }
    if kind.short:
        names["shortNames"] = [*kind.short]
    if kind.categories:
        names["categories"] = [*kind.categories]
    schema = _root(shape_of_kind(kind))
    versions = sorted(kind.versions, key=version_rank, reverse=True)
    return {
        "apiVersion": kinds.DEFINITION.api_version,
        "kind": kinds.DEFINITION.name,
        "metadata": {"name": kind.resource, "labels": _labels(kind)},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "conversion": {"strategy": "None"},
            "versions": [_version(kind, version, schema) for version in versions],
        },
    }


def _labels(kind: Kind) -> Document:
    """The label by which KubeVirt's own definitions are found."""
    if kind == kinds.KUBEVIRT:
        return {"operator.kubevirt.io": ""}
    if kind.group.endswith("kubevirt.io") and not kind.group.startswith("cdi."):
        return {"kubevirt.io": ""}
    return {}


def _version(kind: Kind, version: str, schema: Document) -> Document:
    found: Document = {
        "name": version,
        "served": True,
        "storage": version == kind.version,
        "schema": {"openAPIV3Schema": schema},
    }
    warning = deprecation(kind, version)
    if warning:
        found["deprecated"] = True
        found["deprecationWarning"] = warning
    printed = [column.document() for column in printed_of(kind)]
    if printed:
        found["additionalPrinterColumns"] = [*printed]
    parts: Document = {}
    if "status" in kind.subresources:
        parts["status"] = {}
    if "scale" in kind.subresources:
        parts["scale"] = dict(_SCALE)
    if parts:
        found["subresources"] = parts
    return found


def _root(shape: Shape) -> Document:
    schema = build_schema(shape)
    members = schema.get("properties")
    if isinstance(members, dict):
        members["metadata"] = {"type": "object"}
    return schema


def build_schema(shape: Shape) -> Document:
    """The structural schema of ``shape``, without texts."""
    if shape.json == "int-or-string":
        found: Document = {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
        }
        if shape.fact.is_quantity:
            found["pattern"] = QUANTITY_PATTERN
    elif shape.json == "object":
        found = _object(shape)
    elif shape.items is not None:
        found = _list(shape)
    elif not shape.json:
        found = {"x-kubernetes-preserve-unknown-fields": True}
    else:
        found = _scalar(shape)
    if shape.rules:
        found["x-kubernetes-validations"] = [_rule(rule) for rule in shape.rules]
    return found


def _object(shape: Shape) -> Document:
    found: Document = {"type": "object"}
    if shape.fields:
        found["properties"] = {name: build_schema(inner) for name, inner in shape.fields.items()}
    if shape.values is not None:
        found["additionalProperties"] = build_schema(shape.values)
    if shape.required:
        found["required"] = [*shape.required]
    if shape.is_open:
        found["x-kubernetes-preserve-unknown-fields"] = True
    if shape.is_atomic:
        found["x-kubernetes-map-type"] = "atomic"
    return found


def _list(shape: Shape) -> Document:
    inner: JsonValue = {} if shape.items is None else build_schema(shape.items)
    found: Document = {"type": "array", "items": inner, **item_bounds(shape.fact)}
    if shape.keys is None:
        found["x-kubernetes-list-type"] = "atomic"
    elif shape.keys:
        found["x-kubernetes-list-type"] = "map"
        found["x-kubernetes-list-map-keys"] = [*shape.keys]
    else:
        found["x-kubernetes-list-type"] = "set"
    return found


def _scalar(shape: Shape) -> Document:
    return {"type": shape.json, **value_bounds(shape.fact)}


def _rule(rule: Rule) -> Document:
    found: Document = {"rule": rule.rule, "message": rule.message}
    if rule.field_path:
        found["fieldPath"] = rule.field_path
    return found


def own_definitions() -> tuple[Kind, ...]:
    """Our own custom resources, which have definitions though nobody made them."""
    return tuple(kind for kind in kinds.KINDS if not is_builtin(kind))
