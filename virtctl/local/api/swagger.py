"""OpenAPI v2 out of OpenAPI v3: for clients that know no other. Pure.

What v2 cannot say (``anyOf``, ``nullable``) is left out, as kube-apiserver does; of a field that
may be null, or that keeps whatever it is given, nothing is said but its description.
"""

from __future__ import annotations

from collections.abc import Iterable

from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_V3 = "#/components/schemas/"
_V2 = "#/definitions/"
_UNKNOWN = frozenset({"anyOf", "oneOf", "not", "nullable"})
_INSIDE = frozenset({"items", "properties", "additionalProperties"})
_OPEN = "x-kubernetes-preserve-unknown-fields"


def build_swagger(served: Iterable[Document]) -> Document:
    """One v2 document with the schemas and paths of all v3 documents in ``served``."""
    definitions: Document = {}
    paths: Document = {}
    for document in served:
        for name, schema in documents.child(document, "components", "schemas").items():
            definitions.setdefault(name, _converted(schema))
        for path, item in documents.child(document, "paths").items():
            if isinstance(item, dict):
                paths[path] = {
                    method: _operation(operation)
                    for method, operation in item.items()
                    if isinstance(operation, dict)
                }
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": paths,
        "definitions": definitions,
    }


def _operation(operation: Document) -> Document:
    parameters: list[JsonValue] = []
    if body := _schema(documents.child(operation, "requestBody")):
        parameters.append({"name": "body", "in": "body", "required": True, "schema": body})
    for parameter in documents.objects(operation, "parameters"):
        plain = {key: value for key, value in parameter.items() if key != "schema"}
        parameters.append({**plain, **documents.child(parameter, "schema")})
    answers: Document = {}
    for code, answer in documents.child(operation, "responses").items():
        if isinstance(answer, dict):
            answers[code] = {
                "description": answer.get("description", ""),
                "schema": _schema(answer),
            }
    kept = {key: value for key, value in operation.items() if key.startswith("x-")}
    return {"parameters": parameters, "responses": answers, **kept}


def _schema(body: Document) -> JsonValue:
    """The schema of a body or an answer, which is the same for each media type."""
    for media in documents.child(body, "content").values():
        if isinstance(media, dict):
            return _converted(media.get("schema"))
    return {}


def _converted(schema: JsonValue) -> JsonValue:
    if isinstance(schema, list):
        return [_converted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    unsaid = _unsaid(schema)
    found: Document = {}
    for key, value in schema.items():
        if key == "allOf" and isinstance(value, list) and len(value) == 1:
            inner = _converted(value[0])
            found.update(inner if isinstance(inner, dict) else {})
        elif key not in unsaid:
            found[key] = _member(key, value)
    return found


def _unsaid(schema: Document) -> frozenset[str]:
    """What is left out of ``schema``."""
    if schema.get("nullable"):
        return _UNKNOWN | _INSIDE | {"type"}
    return _UNKNOWN | _INSIDE if schema.get(_OPEN) else _UNKNOWN


def _member(key: str, value: JsonValue) -> JsonValue:
    if key == "$ref" and isinstance(value, str):
        return value.replace(_V3, _V2, 1)
    if key == "properties" and isinstance(value, dict):
        return {name: _converted(member) for name, member in value.items()}
    return value if key in {"default", "enum"} else _converted(value)
