import pytest

from virtctl import errors
from virtctl.errors import Cause, StatusDetails
from virtctl.models.kinds import SECRET, VIRTUAL_MACHINE
from virtctl.wire import status

ERRORS = [
    errors.NotFound("gone", StatusDetails("a", "g", "k", "u")),
    errors.AlreadyExists("there"),
    errors.Conflict("changed"),
    errors.Gone("old"),
    errors.TooManyRequests("wait", StatusDetails(retry_after_seconds=3)),
    errors.Invalid("bad", StatusDetails(causes=(Cause("FieldValueInvalid", "no", "spec.a"),))),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_errors_come_back(error) -> None:
    found = status.parse_status(status.build_status(error))
    assert type(found) is type(error)
    assert (found.message, found.code, found.details) == (error.message, error.code, error.details)


def test_unknown_reason_goes_by_code() -> None:
    found = status.parse_status({"kind": "Status", "message": "m"}, 404)
    assert isinstance(found, errors.NotFound)
    odd = status.parse_status({"kind": "Status", "code": 418})
    assert (odd.code, odd.message) == (418, "the server answered 418")


def test_wording() -> None:
    assert (
        str(status.not_found(VIRTUAL_MACHINE, "a")) == 'virtualmachines.kubevirt.io "a" not found'
    )
    assert str(status.already_exists(SECRET, "a")) == 'secrets "a" already exists'
    one = Cause("FieldValueInvalid", "Invalid value", "spec.a")
    assert (
        str(status.invalid(SECRET, "a", (one,))) == 'Secret "a" is invalid: spec.a: Invalid value'
    )
    other = Cause("FieldValueInvalid", "Invalid value", "spec.b")
    two = status.invalid(VIRTUAL_MACHINE, "a", (one, other, one))
    assert str(two).endswith("is invalid: [spec.a: Invalid value, spec.b: Invalid value]")
    assert len(two.details.causes) == 3


def test_success_names_the_object() -> None:
    found = status.success(VIRTUAL_MACHINE, "a", "u")
    assert found["details"] == {
        "name": "a", "group": "kubevirt.io", "kind": "virtualmachines", "uid": "u"
    }  # fmt: skip
    assert status.is_status(found)
    assert not status.is_status([])
