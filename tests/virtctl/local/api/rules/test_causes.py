"""Reasons of causes."""

import pytest

from virtctl.local.api.rules import causes


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (causes.invalid, "FieldValueInvalid"),
        (causes.required, "FieldValueRequired"),
        (causes.duplicate, "FieldValueDuplicate"),
        (causes.not_supported, "FieldValueNotSupported"),
        (causes.not_found, "FieldValueNotFound"),
    ],
)
def test_each_has_its_reason(make, reason):
    cause = make("spec.x", "why")
    assert (cause.reason, cause.field, cause.message) == (reason, "spec.x", "why")
