"""Columns, selectable fields and scales of versions, as apiextensions looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.customs.causes import duplicate, invalid, required
from virtctl.local.api.customs.placing import parts
from virtctl.local.api.customs.printed import TYPES
from virtctl.models import documents
from virtctl.models.documents import Document

_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_SELECTABLE = 8  # as upstream
_PIECE = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]']+")


def column_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with printer columns. Paths are read when a column is printed, not before."""
    for part in parts(spec, "additionalPrinterColumns"):
        for position, column in enumerate(part.value if isinstance(part.value, list) else ()):
            if isinstance(column, dict):
                yield from _column_causes(column, f"{part.path}[{position}]")


def _column_causes(column: Document, path: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield required(f"{path}.name")
    type_, form = documents.text(column, "type"), documents.text(column, "format")
    problem = f"must be one of {','.join(sorted(TYPES))}"
    if not type_:
        yield required(f"{path}.type", problem)
    elif type_ not in TYPES:
        yield invalid(f"{path}.type", type_, problem)
    if form and form not in _FORMATS:
        yield invalid(f"{path}.format", form, f"must be one of {','.join(_FORMATS)}")
    yield from _path_causes(documents.text(column, "jsonPath"), f"{path}.JSONPath")


def _path_causes(given: str, path: str, *below: str) -> Iterator[Cause]:
    """A path begins with a dot; one of a scale is ``below`` others, too."""
    if not given:
        yield required(path)
    elif not given.startswith("."):
        yield invalid(path, given, "must be a simple json path starting with .")
    elif below and not given.startswith(tuple(f"{each}." for each in below)):
        where = " or ".join(below)
        either = "either " if len(below) > 1 else ""
        yield invalid(path, given, f"should be a json path under {either}{where}")


def scale_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with the places of numbers of replicas."""
    for part in parts(spec, "subresources"):
        scale = part.value.get("scale") if isinstance(part.value, dict) else None
        if not isinstance(scale, dict):
            continue
        for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
            yield from _path_causes(documents.text(scale, name), f"{part.path}.scale.{name}", root)
        selector = documents.text(scale, "labelSelectorPath")
        if selector:
            where = f"{part.path}.scale.labelSelectorPath"
            yield from _path_causes(selector, where, ".spec", ".status")


def selectable_causes(spec: Document) -> Iterator[Cause]:
    """Fields to select by hold plain values, are named once, and are few."""
    for part in parts(spec, "selectableFields"):
        schema = documents.child(part.version, "schema", "openAPIV3Schema")
        seen: set[str] = set()
        for position, selected in enumerate(part.value if isinstance(part.value, list) else ()):
            if isinstance(selected, dict):
                where = f"{part.path}[{position}].jsonPath"
                place = documents.text(selected, "jsonPath")
                yield from _place_causes(schema, place, where, seen)
        if len(seen) > _SELECTABLE:
            problem = f"Too many: {len(seen)}: must have at most {_SELECTABLE} items"
            yield Cause("FieldValueTooMany", problem, part.path)


def _place_causes(schema: Document, place: str, where: str, seen: set[str]) -> Iterator[Cause]:
    if not place:
        yield required(where)
        return
    try:
        found = field_at(schema, place, brackets=False)
    except InvalidField as error:
        yield invalid(where, place, f"is an invalid path: {error.problem}")
        return
    if place.startswith(".metadata."):
        yield invalid(where, place, "must not point to fields in metadata")
    if documents.text(found, "type") not in {"string", "boolean", "integer"}:
        yield invalid(
            where,
            place,
            "must point to a field of type string, boolean or integer. Enum string fields and "
            "strings with formats are allowed.",
        )
    if place in seen:
        yield duplicate(where, place)
    seen.add(place)


def field_at(schema: Document, place: str, *, brackets: bool = True) -> Document:
    """The schema of the field that a path such as ``.spec.size`` or ``['a.b']`` leads to.

    Raises ``InvalidField`` where there is none, or the path can't be read.
    """
    pieces = [*_PIECE.findall(place)]
    while pieces:
        sign = pieces.pop(0)
        if sign not in {".", "["}:
            raise InvalidField("jsonPath", place, f"expected [ or . but got: {sign}")
        is_quoted = sign != "."
        if is_quoted and not brackets:
            raise InvalidField("jsonPath", place, "array notation is not allowed")
        if not pieces:
            raise InvalidField("jsonPath", place, "unexpected end of JSON path")
        name, closing = pieces.pop(0), pieces.pop(0) if is_quoted and pieces else ""
        if is_quoted and (closing != "]" or not re.fullmatch("'.*'", name)):
            raise InvalidField("jsonPath", place, f"expected single quoted string but got {name}")
        members = documents.child(schema, "properties")
        found = members.get(name.strip("'") if is_quoted else name)
        if is_quoted and not members:
            found = schema.get("additionalProperties")
        if not isinstance(found, dict):
            raise InvalidField("jsonPath", place, "does not refer to a valid field")
        schema = found
    return schema
