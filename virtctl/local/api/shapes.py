"""``Shape``: what a Struct of ``virtctl.models`` says about JSON, ready to be walked quickly."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Annotated, Union, get_args, get_origin, get_type_hints

import msgspec

from virtctl.models.base import AsSet, Fact, Keyed, Model, Nullable, Rule
from virtctl.models.meta import ObjectMeta

_SCALARS: dict[object, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_PLAIN: dict[str, type] = {"string": str, "boolean": bool}


@dataclass(frozen=True, eq=False)
class Shape:
    """What JSON may be at one place. ``json`` is its type, empty where anything may be.

    ``keys`` are a list's map keys: () for a set, None for an atomic list. ``is_loose``: whatever
    is inside, a definition has it; only what decodes it minds.
    """

    json: str = ""
    fields: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    values: Shape | None = None
    items: Shape | None = None
    keys: tuple[str, ...] | None = None
    merge_key: str = ""
    is_open: bool = False
    is_atomic: bool = False
    is_nullable: bool = False
    is_loose: bool = False
    fact: Fact = field(default_factory=Fact)
    model: type[Model] | None = None
    rules: tuple[Rule, ...] = ()

    @cached_property
    def is_ruled(self) -> bool:
        """Whether there are rules here or below."""
        below = [*self.fields.values(), self.values, self.items]
        return bool(self.rules) or any(shape is not None and shape.is_ruled for shape in below)

    @cached_property
    def plain(self) -> type | None:
        """The type of text or truth values, when all of these fit: nothing else is to be seen."""
        return _PLAIN.get(self.json) if self.fact == Fact() else None

    @cached_property
    def defaults(self) -> dict[str, bool | int | str]:
        """What the schema fills in for members that are missing."""
        defaults = {name: inner.fact.default for name, inner in self.fields.items()}
        return {name: value for name, value in defaults.items() if value is not None}

    def at(self, name: str) -> Shape | None:
        """The shape of the member ``name``; lists are looked through."""
        here = self
        while here.items is not None:
            here = here.items
        return here.fields.get(name) or here.values


ANYTHING = Shape(is_open=True)


@cache
def shape_of(model: type[Model]) -> Shape:
    """The shape of ``model``'s objects, computed once per model."""
    hints = get_type_hints(model, include_extras=True)
    members: dict[str, Shape] = {}
    required = []
    for member in msgspec.structs.fields(model):
        members[member.encode_name] = _shape(hints[member.name])
        if member.required:
            required.append(member.encode_name)
    return Shape(
        json="object",
        fields=members,
        required=tuple(required),
        is_open=model.OPEN,
        is_atomic=model.ATOMIC,
        model=model,
        rules=model.RULES,
    )


def _shape(hint: object) -> Shape:
    """The shape of a type annotation."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *notes = get_args(hint)
        found = _noted(inner, notes)
        nullable = any(isinstance(note, Nullable) for note in notes)
        loose = found.model is ObjectMeta  # so controller-gen is told for metadata of templates
        return replace(found, is_nullable=True, is_loose=loose) if nullable else found
    if origin in {Union, types.UnionType}:
        present = [part for part in get_args(hint) if part is not types.NoneType]
        return _shape(present[0])
    if isinstance(hint, type) and issubclass(hint, Model):
        return shape_of(hint)
    if origin is tuple:
        return Shape(json="array", items=_shape(get_args(hint)[0]))
    if origin is dict:
        value = get_args(hint)[1]
        return ANY_OBJECT if value is object else Shape(json="object", values=_shape(value))
    return _SCALAR_SHAPES.get(hint, ANYTHING)


def _noted(inner: object, notes: list[object]) -> Shape:
    given = next((note for note in notes if isinstance(note, Fact)), None)
    fact = given or Fact()
    if fact.int_or_string:
        return Shape(json="int-or-string", fact=fact)
    base = _shape(inner)
    for note in notes:
        if isinstance(note, Keyed):
            return Shape(
                json="array", items=base.items, keys=note.keys, merge_key=note.merge_key, fact=fact
            )
        if isinstance(note, AsSet):
            return Shape(json="array", items=base.items, keys=(), fact=fact)
    if fact.is_open:
        return ANY_OBJECT
    return replace(base, fact=given) if given is not None else base


ANY_OBJECT = Shape(json="object", is_open=True)
_SCALAR_SHAPES: dict[object, Shape] = {
    scalar: Shape(json=name) for scalar, name in _SCALARS.items()
}
