"""Structural checks of documents against the models: unknown fields, pruning, types, list keys.

The wording of problems is apimachinery's, because clients and users match on it. Core kinds are
decoded by Go there, so that a wrong type is a 400; custom resources are checked by their schema,
which gives a 422 with a cause for each problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from virtctl.errors import Cause, NotDecodable
from virtctl.local.api import bounds
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.shapes import ANYTHING, Shape, shape_of
from virtctl.models.base import Fact
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.models.meta import ObjectMeta
from virtctl.models.typed import model_of
from virtctl.wire.quantities import QuantityError, parse_duration, parse_quantity

_RBAC = "rbac.authorization.k8s.io"
QUANTITY_PATTERN = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|"
    r"([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
_QUANTITY = re.compile(QUANTITY_PATTERN)
_BLOCKING = frozenset({
    "FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany",
    "FieldValueTypeInvalid",
})  # fmt: skip
_UNMINDED = frozenset({"choice", "duration", "sign"})
_UNCHECKED = Cause(
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
    "<nil>",
)


@cache
def shape_of_kind(kind: Kind) -> Shape:
    """The shape of ``kind``'s objects; anything when we have no model of it."""
    model = model_of(kind)
    return shape_of(model) if model is not None else ANYTHING


@dataclass(frozen=True)
class Problem:
    """One place where a document does not fit. ``indexed`` and ``plain`` are its path with and
    without list positions; ``holder`` is the model whose field it is.
    """

    what: str  # "type", "required", "enum", "minimum", "maximum", "pattern", "bound",
    # "unknown", of places that are loose;
    # and "choice", "duration" and "sign", which only KubeVirt's webhooks mind
    indexed: str
    plain: str
    shape: Shape
    value: JsonValue = None
    holder: str = ""
    cause: Cause | None = None
    """What is to be said, where that is known already."""
    is_loose: bool = False
    """Whether only what decodes the object minds."""

    @property
    def found(self) -> str:
        """JSON type of the value, as schema validators name it."""
        return json_type(self.value)


_JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
}


def json_type(value: JsonValue) -> str:
    """``value``'s type in the words of JSON schema."""
    return _JSON_TYPES.get(type(value), "object")


_Where: TypeAlias = "tuple[str, str, str]"
"""Path with positions, path without, and the model that has the field."""


def problems(of: Kind | Shape, document: Document) -> Iterator[Problem]:
    """Every place where ``document`` does not fit; null counts as absent."""
    yield from _problems(_shape(of), document, ("", "", ""))


def _shape(of: Kind | Shape) -> Shape:
    return of if isinstance(of, Shape) else shape_of_kind(of)


def _problems(shape: Shape, value: JsonValue, where: _Where) -> Iterator[Problem]:
    path, plain, holder = where
    if value is None or not shape.json:
        if value is None and shape.is_loose:
            yield Problem("type", path, plain, shape, value, holder, is_loose=True)
        return
    if not _fits(shape.json, value):
        yield Problem("type", path, plain, shape, value, holder)
    elif isinstance(value, dict) and shape.is_loose:
        yield from _loose_problems(shape, value, where)
    elif isinstance(value, dict):
        yield from _object_problems(shape, value, where)
    elif isinstance(value, list):
        yield from _list_problems(shape, value, where)
    else:
        what = _scalar_problem(shape, value)
        if what:
            yield Problem(what, path, plain, shape, value, holder)
        if shape.fact.bounds_text:
            for cause in bounds.text_causes(shape.fact, str(value), path):
                yield Problem("bound", path, plain, shape, value, holder, cause)


def _list_problems(shape: Shape, value: list[JsonValue], where: _Where) -> Iterator[Problem]:
    path, plain, holder = where
    if shape.items is not None:
        for position, item in enumerate(value):
            inside = (f"{path}[{position}]", plain, holder)
            if item is None and shape.items.json and not shape.items.is_nullable:
                yield Problem("type", inside[0], plain, shape.items, item, holder)
            yield from _problems(shape.items, item, inside)
    for cause in bounds.list_causes(shape.fact, shape.keys, value, path):
        yield Problem("bound", cause.field, plain, shape, value, holder, cause)


def _object_problems(shape: Shape, value: Document, where: _Where) -> Iterator[Problem]:
    path, plain, holder = where
    if shape.model is not None:
        holder = shape.model.__name__
    for name in shape.required:
        if value.get(name) is None:
            yield Problem("required", _join(path, name), _join(plain, name), shape.fields[name])
    for name, member in value.items():
        inner = shape.fields.get(name) or shape.values
        if inner is not None and inner.plain is not type(member):
            yield from _problems(inner, member, (_join(path, name), _join(plain, name), holder))


def _loose_problems(shape: Shape, value: Document, where: _Where) -> Iterator[Problem]:
    """What is wrong inside an object that a definition takes as it is; null is no value here."""
    path, plain, holder = where
    for problem in _object_problems(shape, value, where):
        yield replace(problem, is_loose=True)
    for name, member in value.items():
        inner = shape.fields.get(name)
        inside = (_join(path, name), _join(plain, name))
        if inner is None:
            yield Problem("unknown", *inside, shape, member, holder, is_loose=True)
        elif member is None and inner.json in {"object", "array"}:
            yield Problem("type", *inside, inner, member, holder, is_loose=True)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_FITS: dict[str, Callable[[JsonValue], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "int-or-string": lambda value: isinstance(value, (int, str)) and not isinstance(value, bool),
}


def _fits(type_: str, value: JsonValue) -> bool:
    return _FITS[type_](value)


def _scalar_problem(shape: Shape, value: JsonValue) -> str:
    fact = shape.fact
    if fact.enum and value not in fact.enum:
        return "enum"
    if fact.choices and value not in fact.choices:
        return "choice"
    if isinstance(value, (int, float)):
        return _number_problem(fact, value)
    if fact.is_quantity and isinstance(value, str) and not _QUANTITY.match(value):
        return "pattern"
    if fact.is_duration and duration_problem(value):
        return "duration"
    return ""


def _number_problem(fact: Fact, value: float) -> str:
    if fact.is_unsigned and value < 0:
        return "sign"
    if fact.minimum is not None and value < fact.minimum:
        return "minimum"
    if fact.maximum is not None and value > fact.maximum:
        return "maximum"
    return ""


def unknown_fields(of: Kind | Shape, document: Document) -> list[str]:
    """Paths of fields that there are not, such as ``spec.disks[0].x``."""
    found: list[str] = []
    _collect_unknown(_shape(of), document, "", found)
    return sorted(found)


def _collect_unknown(shape: Shape, value: JsonValue, path: str, found: list[str]) -> None:
    if shape.is_loose:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            inner = shape.fields.get(name) or shape.values
            if inner is not None:
                _collect_unknown(inner, member, _join(path, name), found)
            elif not shape.is_open:
                found.append(_join(path, name))
    elif isinstance(value, list) and shape.items is not None:
        for position, item in enumerate(value):
            _collect_unknown(shape.items, item, f"{path}[{position}]", found)


def prune(of: Kind | Shape, document: Document) -> Document:
    """``document`` without the fields that there are not, and nulls where there may be none.

    The same object if it fits.
    """
    pruned = _pruned(_shape(of), document)
    return pruned if isinstance(pruned, dict) else document


def _pruned(shape: Shape, value: JsonValue) -> JsonValue:
    if shape.is_loose:
        return value
    if isinstance(value, dict) and shape.json in {"object", ""}:
        result: Document = {}
        changed = False
        for name, member in value.items():
            inner = shape.fields.get(name) or shape.values
            if inner is not None and member is None and name in shape.fields:
                if inner.is_nullable:
                    result[name] = None
                else:
                    changed = True
            elif inner is not None:
                result[name] = _pruned(inner, member)
                changed = changed or result[name] is not member
            elif shape.is_open:
                result[name] = member
            else:
                changed = True
        return result if changed else value
    if isinstance(value, list) and shape.items is not None:
        kept = [_pruned(shape.items, item) for item in value]
        unchanged = all(new is old for new, old in zip(kept, value, strict=True))
        return value if unchanged else kept
    return value


def type_errors(kind: Kind, document: Document) -> list[Cause]:
    """Values that ``kind``'s schema does not allow, in the words of a CustomResourceDefinition.

    Raises ``BadRequest`` for a core kind whose document Go could not decode.
    """
    found = [
        problem
        for problem in problems(kind, document)
        if problem.what not in _UNMINDED and not problem.is_loose
    ]
    if not found:
        return []
    if is_builtin(kind):
        return _builtin_errors(kind, found)
    causes = [problem.cause or _crd_cause(problem) for problem in found]
    return [*causes, *unchecked(shape_of_kind(kind), causes)]


def unchecked(shape: Shape, found: Iterable[Cause]) -> tuple[Cause, ...]:
    """That the rules of ``shape`` were not looked at, if what was found keeps them from it."""
    blocked = any(cause.reason in _BLOCKING for cause in found)
    return (_UNCHECKED,) if blocked and shape.is_ruled else ()


def _builtin_errors(kind: Kind, found: list[Problem]) -> list[Cause]:
    causes = []
    for problem in found:
        match problem.what:
            case "bound":
                continue  # core kinds have rules of their own for these
            case "required" if problem.plain.startswith("metadata."):
                continue  # said by the rules of metadata
            case "enum" if not problem.value:
                continue  # in Go an empty text is one that is not there
            case "required" if kind.group == _RBAC:
                continue  # said in more words by the rules of roles
            case "required":
                causes.append(Cause("FieldValueRequired", "Required value", problem.indexed))
            case "pattern":
                raise _not_decodable(kind, quantity_problem(problem.value))
            case "type":
                raise _not_decodable(
                    kind,
                    f"json: cannot unmarshal {_go_type(problem.found)} into Go struct field "
                    f"{problem.holder}.{problem.plain} of type {_go_target(problem.shape)}",
                )
            case _:
                causes.append(_crd_cause(problem))
    return causes


def go_problem(problem: Problem, metadata: Document) -> str:
    """Why Go cannot decode a member of ``metadata``, which has a wrong type."""
    name = problem.plain.partition(".")[0]
    if isinstance(metadata.get(name), list):
        name = problem.plain
    return (
        f"json: cannot unmarshal {_go_type(problem.found)} into Go struct field "
        f"ObjectMeta.{name} of type {_go_target(problem.shape)}"
    )


def _not_decodable(kind: Kind, why: str) -> NotDecodable:
    return NotDecodable(kind.name, kind.version, why)


def duration_problem(value: JsonValue) -> str:
    """Why Go cannot read ``value`` as a duration; empty when it can."""
    try:
        parse_duration(str(value))
    except QuantityError as error:
        return str(error)
    return ""


def quantity_problem(value: JsonValue) -> str:
    """Why Go cannot read ``value`` as a quantity."""
    try:
        parse_quantity(str(value))
    except QuantityError as error:
        return str(error)
    return "unable to parse quantity's suffix"


def _go_type(found: str) -> str:
    return {"integer": "number", "boolean": "bool"}.get(found, found)


def _go_target(shape: Shape) -> str:
    if shape.model is not None:
        return f"v1.{shape.model.__name__}"
    if shape.items is not None:
        return f"[]{_go_target(shape.items)}"
    if shape.json == "object":
        return (
            f"map[string]{_go_target(shape.values)}" if shape.values else "map[string]interface {}"
        )
    return {"boolean": "bool", "number": "float64", "integer": shape.fact.format or "int"}.get(
        shape.json, "string"
    )


def _crd_cause(problem: Problem) -> Cause:
    path, value = problem.indexed, problem.value
    match problem.what:
        case "required":
            return Cause("FieldValueRequired", "Required value", path)
        case "enum":
            choices = ", ".join(f'"{choice}"' for choice in problem.shape.fact.enum)
            return Cause(
                "FieldValueNotSupported",
                f'Unsupported value: "{value}": supported values: {choices}',
                path,
            )
        case "minimum":
            bound = problem.shape.fact.minimum
            text = f"{value}: {path} in body should be greater than or equal to {bound}"
            return Cause("FieldValueInvalid", f"Invalid value: {text}", path)
        case "maximum":
            bound = problem.shape.fact.maximum
            text = f"{value}: {path} in body should be less than or equal to {bound}"
            return Cause("FieldValueInvalid", f"Invalid value: {text}", path)
        case "pattern":
            text = f"\"{value}\": {path} in body should match '{QUANTITY_PATTERN}'"
            return Cause("FieldValueInvalid", f"Invalid value: {text}", path)
        case _:
            wanted = problem.shape.json.replace("int-or-string", "integer,string")
            found = problem.found
            text = f'"{found}": {path} in body must be of type {wanted}: "{found}"'
            return Cause("FieldValueTypeInvalid", f"Invalid value: {text}", path)


def list_keys(of: Kind | Shape, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Keys of the list at ``path`` (field names, no positions), for server-side apply.

    () for a set; None when the list is atomic or unknown.
    """
    shape = _shape_at(of, path)
    return shape.keys if shape is not None else None


def merge_key(of: Kind | Shape, path: tuple[str, ...]) -> str | None:
    """The one key by which a strategic merge patch merges the list at ``path``."""
    shape = _shape_at(of, path)
    return shape.merge_key or None if shape is not None else None


def is_atomic(of: Kind | Shape, path: tuple[str, ...]) -> bool:
    """Whether server-side apply owns the object at ``path`` as a whole."""
    shape = _shape_at(of, path)
    return shape is not None and shape.is_atomic


def _shape_at(of: Kind | Shape, path: tuple[str, ...]) -> Shape | None:
    shape = _shape(of)
    if not shape.json and path[:1] == ("metadata",):
        shape = Shape(json="object", fields={"metadata": shape_of(ObjectMeta)})
    for name in path:
        inner = shape.at(name)
        if inner is None:
            return None
        shape = inner
    return shape


class ModelSchemas:
    """``hooks.Schemas`` by the shapes of kinds, which are those of the models by default."""

    def __init__(self, shape_of: Callable[[Kind], Shape] = shape_of_kind) -> None:
        self._shape_of = shape_of

    def unknown_fields(self, kind: Kind, document: Document) -> list[str]:
        """Paths of fields that the schema does not know, such as ``spec.x``."""
        return unknown_fields(self._shape_of(kind), document)

    def prune(self, kind: Kind, document: Document) -> Document:
        """``document`` without unknown fields."""
        return prune(self._shape_of(kind), document)

    def type_errors(self, kind: Kind, document: Document) -> list[Cause]:
        """Values that the schema does not allow. Raises ``BadRequest``: see ``type_errors``."""
        return type_errors(kind, document)

    def list_keys(self, kind: Kind, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """Keys of the list at ``path``; () for a set, None when it is atomic or unknown."""
        return list_keys(self._shape_of(kind), path)

    def is_atomic(self, kind: Kind, path: tuple[str, ...]) -> bool:
        """Whether the object at ``path`` is owned as a whole."""
        return is_atomic(self._shape_of(kind), path)
