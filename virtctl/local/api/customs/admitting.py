"""Admission of CustomResourceDefinitions: defaults, and what apiextensions refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.customs import expressions
from virtctl.local.api.customs.fieldpaths import compile_path
from virtctl.local.api.customs.printed import TYPES
from virtctl.local.api.customs.structural import schema_causes
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""Finalizer: objects of the kind go before its definition."""
_APPROVED = "api-approved.kubernetes.io"
_LABEL = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
_LABEL_PROBLEM = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_SELECTABLE = 8  # as upstream
_SIMPLE_PATH = re.compile(r"^(\.[A-Za-z_][\w-]*)+$")
_SCOPES = ("Cluster", "Namespaced")


def default_definition(document: Document, old: Document | None, now: str) -> None:
    """Fill in names, conversion and status, in place; what is accepted is served at once."""
    spec = documents.ensure(document, "spec")
    names = documents.ensure(spec, "names")
    kind = documents.text(names, "kind")
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})
    if old is None:
        finalizers = documents.items(document, "metadata", "finalizers")
        documents.put(document, [*finalizers, CLEANUP], "metadata", "finalizers")
    document["status"] = _status(document, old, now)


def _status(document: Document, old: Document | None, now: str) -> Document:
    status = dict(documents.child(old or {}, "status"))
    if not status.get("conditions"):
        status["conditions"] = [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", _ESTABLISHED, now),
        ]
    status["acceptedNames"] = dict(documents.child(document, "spec", "names"))
    stored = [*documents.items(status, "storedVersions")]
    for version in documents.objects(document, "spec", "versions"):
        if version.get("storage") is True and version.get("name") not in stored:
            stored.append(version.get("name"))
    status["storedVersions"] = stored
    return status


_ESTABLISHED = "the initial names have been accepted"


def _condition(type_: str, reason: str, message: str, now: str) -> Document:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": now,
    }


def definition_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with a definition of the right types."""
    spec = documents.child(document, "spec")
    group, names = documents.text(spec, "group"), documents.child(spec, "names")
    name = f"{documents.text(names, 'plural')}.{group}"
    if documents.name_of(document) != name:
        problem = 'must be spec.names.plural+"."+spec.group'
        yield _bad("metadata.name", documents.name_of(document), problem)
    yield from _group_causes(document, group)
    scope = documents.text(spec, "scope")
    if scope not in _SCOPES:
        choices = ", ".join(f'"{choice}"' for choice in _SCOPES)
        problem = f'Unsupported value: "{scope}": supported values: {choices}'
        yield Cause("FieldValueNotSupported", problem, "spec.scope")
    for key in ("plural", "singular"):
        value = documents.text(names, key)
        if not _LABEL.match(value):
            yield _bad(f"spec.names.{key}", value, _LABEL_PROBLEM)
    if documents.text(names, "kind") == documents.text(names, "listKind"):
        problem = "kind and listKind may not be the same"
        yield _bad("spec.names.listKind", documents.text(names, "listKind"), problem)
    yield from _version_causes(spec)
    yield from _change_causes(spec, old)


def _group_causes(document: Document, group: str) -> Iterator[Cause]:
    if "." not in group:
        problem = "should be a domain with at least one dot"
        yield _bad("spec.group", group, problem)
    elif group.endswith((".k8s.io", ".kubernetes.io")) and not documents.strings(
        document, "metadata", "annotations"
    ).get(_APPROVED):
        field = f"metadata.annotations[{_APPROVED}]"
        problem = "protected groups must have approval annotation"
        yield Cause("FieldValueRequired", f'Required value: {problem} "{_APPROVED}"', field)


def _version_causes(spec: Document) -> Iterator[Cause]:
    versions = list(documents.objects(spec, "versions"))
    if sum(1 for version in versions if version.get("storage") is True) != 1:
        problem = "must have exactly one version marked as storage version"
        yield Cause("FieldValueInvalid", f"Invalid value: {problem}", "spec.versions")
    if not any(version.get("served") is True for version in versions):
        problem = "must have at least one served version"
        yield Cause("FieldValueInvalid", f"Invalid value: {problem}", "spec.versions")
    seen: set[str] = set()
    for position, version in enumerate(versions):
        path, name = f"spec.versions[{position}]", documents.text(version, "name")
        if not _LABEL.match(name):
            yield _bad(f"{path}.name", name, _LABEL_PROBLEM)
        if name in seen:
            yield Cause("FieldValueInvalid", f'Invalid value: "{name}": must be unique', path)
        seen.add(name)
        yield from _schema_causes(version, path)
        yield from _column_causes(version, path)
        yield from _selectable_causes(version, path)


def _schema_causes(version: Document, path: str) -> Iterator[Cause]:
    where = f"{path}.schema.openAPIV3Schema"
    schema = documents.find(version, "schema", "openAPIV3Schema")
    if not isinstance(schema, dict) or not schema:
        yield Cause("FieldValueRequired", "Required value: schemas are required", where)
        return
    yield from schema_causes(schema, where)
    yield from expressions.compile_causes(schema, where)


def _column_causes(version: Document, path: str) -> Iterator[Cause]:
    columns = documents.objects(version, "additionalPrinterColumns")
    for position, column in enumerate(columns):
        where = f"{path}.additionalPrinterColumns[{position}]"
        type_ = documents.text(column, "type")
        if type_ not in TYPES:
            problem = f"must be one of {','.join(TYPES)}"
            yield _bad(f"{where}.type", type_, problem)
        try:
            compile_path(documents.text(column, "jsonPath"))
        except InvalidField as error:
            yield _bad(f"{where}.jsonPath", documents.text(column, "jsonPath"), str(error))


def _selectable_causes(version: Document, path: str) -> Iterator[Cause]:
    """Fields to select by are at simple paths, hold plain values, are named once, and are few."""
    fields = list(documents.objects(version, "selectableFields"))
    if len(fields) > _SELECTABLE:
        problem = f"Too many: {len(fields)}: must have at most {_SELECTABLE} items"
        yield Cause("FieldValueTooMany", problem, f"{path}.selectableFields")
    schema = documents.child(version, "schema", "openAPIV3Schema")
    seen: set[str] = set()
    for position, field in enumerate(fields):
        where = f"{path}.selectableFields[{position}].jsonPath"
        place = documents.text(field, "jsonPath")
        if not place:
            yield Cause("FieldValueRequired", "Required value", where)
        elif not _SIMPLE_PATH.match(place):
            yield _bad(where, place, "must be a simple path, such as .spec.color")
        elif place in seen:
            yield Cause("FieldValueDuplicate", f'Duplicate value: "{place}"', where)
        elif _type_at(schema, place) not in {"string", "boolean", "integer"}:
            yield _bad(where, place, "must point to a field of type string, boolean or integer")
        seen.add(place)


def _type_at(schema: Document, place: str) -> str:
    for part in place.removeprefix(".").split("."):
        schema = documents.child(schema, "properties", part)
    return documents.text(schema, "type")


def _change_causes(spec: Document, old: Document | None) -> Iterator[Cause]:
    """An established kind keeps its scope, kind and stored versions."""
    if old is None:
        return
    for path in (("scope",), ("names", "kind")):
        before, after = documents.find(old, "spec", *path), documents.find(spec, *path)
        if before != after:
            yield _bad(f"spec.{'.'.join(path)}", after, "field is immutable")
    names = {version.get("name") for version in documents.objects(spec, "versions")}
    for position, name in enumerate(documents.items(old, "status", "storedVersions")):
        if name not in names:
            problem = "missing from spec.versions; it was previously a storage version"
            yield _bad(f"status.storedVersions[{position}]", name, problem)


def _bad(path: str, value: JsonValue, problem: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {problem}', path)
