"""Causes of refusals about definitions and their objects, spelled as upstream spells them."""

from __future__ import annotations

import msgspec

from virtctl.errors import Cause
from virtctl.models.documents import JsonValue


def spelled(value: JsonValue) -> str:
    """``value`` as messages quote it."""
    return msgspec.json.encode(value).decode()


def invalid(path: str, value: JsonValue, problem: str) -> Cause:
    """The cause that ``value`` at ``path`` is not allowed."""
    return Cause("FieldValueInvalid", f"Invalid value: {spelled(value)}: {problem}", path)


def required(path: str, problem: str = "") -> Cause:
    """The cause that there is nothing at ``path``."""
    return Cause("FieldValueRequired", f"Required value{problem and ': '}{problem}", path)


def forbidden(path: str, problem: str) -> Cause:
    """The cause that there is something at ``path``."""
    return Cause("FieldValueForbidden", f"Forbidden: {problem}", path)


def unsupported(path: str, value: JsonValue, choices: tuple[str, ...]) -> Cause:
    """The cause that ``value`` is none of ``choices``."""
    shown = ", ".join(f'"{choice}"' for choice in choices)
    problem = f"Unsupported value: {spelled(value)}: supported values: {shown}"
    return Cause("FieldValueNotSupported", problem, path)


def duplicate(path: str, value: JsonValue) -> Cause:
    """The cause that ``value`` is there twice."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {spelled(value)}", path)
