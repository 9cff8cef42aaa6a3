"""Defaults that the schemas of custom resources give, as far as the models name them."""

from __future__ import annotations

from virtctl.local.api.shapes import Shape
from virtctl.models.documents import JsonValue


def fill(shape: Shape, value: JsonValue) -> None:
    """Fill in the defaults of missing fields, in place."""
    if isinstance(value, dict):
        for name, inner in shape.fields.items():
            if name not in value and inner.fact.default is not None:
                value[name] = inner.fact.default
        for name, member in value.items():
            below = shape.fields.get(name) or shape.values
            if below is not None:
                fill(below, member)
    elif isinstance(value, list) and shape.items is not None:
        for item in value:
            fill(shape.items, item)
