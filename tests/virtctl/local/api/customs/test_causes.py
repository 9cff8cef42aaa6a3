import pytest

from virtctl.errors import Cause
from virtctl.local.api.customs import causes


@pytest.mark.parametrize(
    ("cause", "message", "reason"),
    [
        (causes.invalid("a", None, "odd"), "Invalid value: null: odd", "FieldValueInvalid"),
        (causes.required("a"), "Required value", "FieldValueRequired"),
        (causes.required("a", "say it"), "Required value: say it", "FieldValueRequired"),
        (causes.forbidden("a", "no"), "Forbidden: no", "FieldValueForbidden"),
        (causes.duplicate("a", "x"), 'Duplicate value: "x"', "FieldValueDuplicate"),
        (
            causes.unsupported("a", "x", ("y", "z")),
            'Unsupported value: "x": supported values: "y", "z"',
            "FieldValueNotSupported",
        ),
    ],
)
def test_a_cause_quotes_the_value_as_json(cause: Cause, message: str, reason: str) -> None:
    assert cause == Cause(reason, message, "a")
