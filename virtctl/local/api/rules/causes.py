"""Short constructors of ``Cause``, one for each reason that admission gives."""

from __future__ import annotations

from virtctl.errors import Cause


def invalid(field: str, message: str) -> Cause:
    """The value cannot be used."""
    return Cause("FieldValueInvalid", message, field)


def required(field: str, message: str) -> Cause:
    """The field must be there."""
    return Cause("FieldValueRequired", message, field)


def duplicate(field: str, message: str) -> Cause:
    """Another element has the value already."""
    return Cause("FieldValueDuplicate", message, field)


def not_supported(field: str, message: str) -> Cause:
    """The value is none of the known ones, or the change is not allowed."""
    return Cause("FieldValueNotSupported", message, field)


def not_found(field: str, message: str) -> Cause:
    """What the field names is missing."""
    return Cause("FieldValueNotFound", message, field)
