"""Defaults that the schemas of custom resources give, as far as the models name them."""

from __future__ import annotations

from virtctl.local.api.shapes import Shape
from virtctl.models.documents import JsonValue


def fill(shape: Shape, value: JsonValue) -> None:
    """Fill in the defaults of missing fields, in place."""
    if isinstance(value, dict):
        for name, default in shape.defaults.items():
            if name not in value:
                value[name] = default
        for name, member in value.items():
            if isinstance(member, (dict, list)):
                below = shape.fields.get(name) or shape.values
                if below is not None:
                    fill(below, member)
    elif isinstance(value, list) and shape.items is not None:
        for item in value:
            fill(shape.items, item)
