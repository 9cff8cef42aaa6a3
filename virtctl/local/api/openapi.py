"""OpenAPI documents of the served kinds, from the models.

kubectl asks for the PATCH operation of a kind and its ``fieldValidation`` parameter before it
sends a manifest, for ``x-kubernetes-group-version-kind`` to explain a kind, and for merge keys.
Objects of core kinds are components that refer to each other; custom resources are written out in
full, as kube-apiserver does. Descriptions are the models' own docstrings.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterable
from functools import cache
from itertools import chain, pairwise

import msgspec

from virtctl.local.api import schema
from virtctl.local.api.catalog import is_builtin, served_versions
from virtctl.local.api.discovery import verb_paths
from virtctl.local.api.fingerprint import models_fingerprint
from virtctl.local.api.registry import Registry
from virtctl.local.api.shapes import Shape, shape_of
from virtctl.local.api.swagger import build_swagger
from virtctl.models import documents
from virtctl.models.base import Fact, Model
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.models.meta import ObjectMeta
from virtctl.wire import gnostic

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_QUERY = (
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
)
_TOP = {
    "apiVersion": "Group and version of the object's schema.",
    "kind": "What the object is.",
    "metadata": "Name, identity and labels.",
    "spec": "What is wanted.",
    "status": "What is observed.",
}


class ModelOpenApi:
    """The documents of all served kinds, built when they are first asked for."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry or Registry()
        self.refresh()
        self._registry.subscribe(self.refresh)

    def refresh(self) -> None:
        """Build documents anew from now on, for the kinds that there are now."""
        self._served = served_versions(self._registry.kinds)
        self._documents: dict[str, bytes] = {}
        self._index = b""
        self._swagger = b""
        self._swagger_proto = b""

    def index(self) -> bytes:
        """``GET /openapi/v3``: the documents there are, with their hashes."""
        if not self._index:
            self._index = self._build_index()
        return self._index

    def document(self, path: str) -> bytes | None:
        """``GET /openapi/v3/PATH``, such as ``api/v1`` or ``apis/kubevirt.io/v1``."""
        for (group, version), members in self._served.items():
            if path == _root(group, version):
                if path not in self._documents:
                    built = self._document(path, members)
                    self._documents[path] = msgspec.json.encode(built)
                return self._documents[path]
        return None

    def swagger(self) -> bytes:
        """``GET /openapi/v2``: everything in one document."""
        if not self._swagger:
            self._swagger = msgspec.json.encode(self._build_swagger())
        return self._swagger

    def swagger_proto(self) -> bytes:
        """``GET /openapi/v2`` as protobuf: what kubectl asks for before it patches."""
        if not self._swagger_proto:
            self._swagger_proto = gnostic.encode(self._build_swagger())
        return self._swagger_proto

    def _build_swagger(self) -> Document:
        served = (
            self._document(_root(group, version), members)
            for (group, version), members in self._served.items()
        )
        return build_swagger(chain(served, ({"paths": verb_paths()},)))

    def _build_index(self) -> bytes:
        paths: Document = {}
        for (group, version), members in self._served.items():
            path = _root(group, version)
            digest = hashlib.sha256(self._basis(members)).hexdigest().upper()
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
        return msgspec.json.encode({"paths": paths})

    def _basis(self, members: list[Kind]) -> bytes:
        """What a document is built from; far less work than building it."""
        added = [self._registry.definition(kind) for kind in members]
        schemas = [definition.schema for definition in added if definition is not None]
        return msgspec.json.encode([models_fingerprint(), repr(members), schemas])

    def _document(self, root: str, members: list[Kind]) -> Document:
        components: Document = {_META: _object(shape_of(ObjectMeta), _Writer({}, inline=True))}
        paths: Document = {}
        for kind in members:
            added = self._registry.definition(kind)
            name = component_name(kind)
            if added is None:
                components[name] = _Writer(components, inline=not is_builtin(kind)).top(kind)
            else:
                components[name] = _defined(kind, added.schema)
            paths.update(_paths(root, kind, {"$ref": f"#/components/schemas/{name}"}))
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1"},
            "paths": paths,
            "components": {"schemas": components},
        }


def _root(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _defined(kind: Kind, schema: Document) -> Document:
    """The schema of a kind that a definition adds, as it was given."""
    found = dict(schema)
    members = dict(documents.child(schema, "properties"))
    members.setdefault("apiVersion", {"type": "string", "description": _TOP["apiVersion"]})
    members.setdefault("kind", {"type": "string", "description": _TOP["kind"]})
    members["metadata"] = {
        "allOf": [{"$ref": f"#/components/schemas/{_META}"}],
        "description": _TOP["metadata"],
    }
    found["properties"] = members
    identity: Document = {"group": kind.group, "version": kind.version, "kind": kind.name}
    found["x-kubernetes-group-version-kind"] = [identity]
    return found


def component_name(kind: Kind) -> str:
    """The component of ``kind``, in the reversed-domain spelling of Kubernetes."""
    if is_builtin(kind):
        return f"{_package(kind)}.{kind.name}"
    domain = ".".join(reversed(kind.group.split(".")))
    return f"{domain}.{kind.version}.{kind.name}"


def _package(kind: Kind) -> str:
    group = kind.group.split(".")[0] or "core"
    return f"io.k8s.api.{group}.{kind.version}"


def _paths(root: str, kind: Kind, reference: Document) -> Document:
    scope = "/namespaces/{namespace}" if kind.namespaced else ""
    collection = f"/{root}{scope}/{kind.plural}"
    identity: Document = {"group": kind.group, "version": kind.version, "kind": kind.name}
    body: Document = {"content": {"*/*": {"schema": reference}}}
    answer: Document = {
        "200": {"description": "OK", "content": {"application/json": {"schema": reference}}}
    }

    def operation(action: str, *, writes: bool = False) -> Document:
        found: Document = {
            "responses": answer,
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": identity,
        }
        if writes:
            found["requestBody"] = body
            found["parameters"] = [
                {"name": name, "in": "query", "schema": {"type": json, "uniqueItems": True}}
                for name, json in _QUERY
            ]
        return found

    return {
        collection: {
            "get": operation("list"),
            "post": operation("post", writes=True),
        },
        f"{collection}/{{name}}": {
            "get": operation("get"),
            "put": operation("put", writes=True),
            "patch": operation("patch", writes=True),
            "delete": operation("delete"),
        },
    }


class _Writer:
    """Writes shapes as schemas; objects become components unless ``inline``."""

    def __init__(self, components: Document, *, inline: bool) -> None:
        self._components = components
        self.inline = inline

    def top(self, kind: Kind) -> Document:
        """The schema of a kind."""
        shape = schema.shape_of_kind(kind)
        found = _object(shape, self)
        members = found.setdefault("properties", {})
        if isinstance(members, dict):
            members.setdefault("apiVersion", {"type": "string"})
            members.setdefault("kind", {"type": "string"})
            members["metadata"] = {"allOf": [{"$ref": f"#/components/schemas/{_META}"}]}
            for name, member in members.items():
                if name in _TOP and isinstance(member, dict):
                    member["description"] = _TOP[name]
        identity: Document = {"group": kind.group, "version": kind.version, "kind": kind.name}
        found["x-kubernetes-group-version-kind"] = [identity]
        return found

    def write(self, shape: Shape) -> Document:
        """The schema of ``shape``, which may be a reference."""
        found = self._write(shape)
        if shape.is_nullable:
            found["nullable"] = True
        return found

    def _write(self, shape: Shape) -> Document:
        if shape.model is not None and not self.inline:
            return self._reference(shape, shape.model)
        if shape.json == "object":
            return _object(shape, self)
        if shape.items is not None:
            return _list(shape, self)
        return _scalar(shape)

    def _reference(self, shape: Shape, model: type[Model]) -> Document:
        name = f"io.k8s.api.core.v1.{model.__name__}"
        if model is ObjectMeta:
            name = _META
        if name not in self._components:
            self._components[name] = {}  # for types that contain themselves
            self._components[name] = _object(shape, self)
        return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def _object(shape: Shape, writer: _Writer) -> Document:
    found: Document = {"type": "object"}
    if shape.model is not None:
        found["description"] = _class_doc(shape.model)
    if shape.fields:
        docs = _field_docs(shape.model) if shape.model is not None else {}
        members: Document = {}
        for name, inner in shape.fields.items():
            member = writer.write(inner)
            if name in docs:
                member["description"] = docs[name]
            members[name] = member
        found["properties"] = members
    if shape.values is not None:
        found["additionalProperties"] = writer.write(shape.values)
    if shape.required:
        found["required"] = [*shape.required]
    if shape.is_open:
        found["x-kubernetes-preserve-unknown-fields"] = True
    if shape.is_atomic:
        found["x-kubernetes-map-type"] = "atomic"
    return found


def _list(shape: Shape, writer: _Writer) -> Document:
    inner: JsonValue = writer.write(shape.items) if shape.items is not None else {}
    found: Document = {"type": "array", "items": inner, **item_bounds(shape.fact)}
    if shape.keys is None:
        found["x-kubernetes-list-type"] = "atomic"
    elif shape.keys:
        found["x-kubernetes-list-type"] = "map"
        found["x-kubernetes-list-map-keys"] = [*shape.keys]
        found["x-kubernetes-patch-merge-key"] = shape.merge_key
        found["x-kubernetes-patch-strategy"] = "merge"
    else:
        found["x-kubernetes-list-type"] = "set"
        found["x-kubernetes-patch-strategy"] = "merge"
    return found


def item_bounds(fact: Fact) -> Document:
    """How many elements a list may have."""
    limits: Document = {"minItems": fact.min_items, "maxItems": fact.max_items}
    return {name: value for name, value in limits.items() if value is not None}


def value_bounds(fact: Fact) -> Document:
    """What a schema says of a text, number or switch beyond its type."""
    limits: Document = {
        "format": fact.format,
        "enum": [*fact.enum],
        "minimum": fact.minimum,
        "maximum": fact.maximum,
        "minLength": fact.min_length,
        "maxLength": fact.max_length,
        "pattern": fact.pattern,
        "default": fact.default,
    }
    return {name: value for name, value in limits.items() if value not in ("", [], None)}


def _scalar(shape: Shape) -> Document:
    fact = shape.fact
    if shape.json == "int-or-string":
        found: Document = {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
        }
        if fact.is_quantity:
            found["pattern"] = schema.QUANTITY_PATTERN
        return found
    found = {"type": shape.json} if shape.json else {}
    if not shape.json:
        found["x-kubernetes-preserve-unknown-fields"] = True
    return {**found, **value_bounds(fact)}


def _class_doc(model: type[Model]) -> str:
    return inspect.cleandoc(model.__doc__ or "").replace("``", "")


def _field_docs(model: type[Model]) -> dict[str, str]:
    """The docstrings below a model's fields, by JSON name."""
    written = _module_docs(model.__module__).get(model.__name__, {})
    names = dict(zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True))
    return {names[name]: text for name, text in written.items() if name in names}


@cache
def _module_docs(module: str) -> dict[str, dict[str, str]]:
    """Docstrings of fields by class, read from the module's source where there is one."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        return {}
    return {
        node.name: dict(_documented(node.body))
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def _documented(body: list[ast.stmt]) -> Iterable[tuple[str, str]]:
    for field, text in pairwise(body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, inspect.cleandoc(words).replace("``", "")
            case _:
                continue
