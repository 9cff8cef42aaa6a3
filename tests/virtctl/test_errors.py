"""Sentences, hints and codes of errors."""

import pytest

from virtctl import errors
from virtctl.errors import ApiError, ExitCode, VirtctlError

# apimachinery's reasons of each HTTP code that the server answers with (metav1.StatusReason).
REASONS = {
    errors.BadRequest: (400, "BadRequest"),
    errors.Unauthorized: (401, "Unauthorized"),
    errors.Forbidden: (403, "Forbidden"),
    errors.NotFound: (404, "NotFound"),
    errors.MethodNotAllowed: (405, "MethodNotAllowed"),
    errors.NotAcceptable: (406, "NotAcceptable"),
    errors.AlreadyExists: (409, "AlreadyExists"),
    errors.Conflict: (409, "Conflict"),
    errors.Gone: (410, "Expired"),
    errors.UnsupportedMediaType: (415, "UnsupportedMediaType"),
    errors.Invalid: (422, "Invalid"),
    errors.TooManyRequests: (429, "TooManyRequests"),
    errors.InternalError: (500, "InternalError"),
    errors.ServiceUnavailable: (503, "ServiceUnavailable"),
}


def test_all_answers_are_known_here() -> None:
    assert set(ApiError.__subclasses__()) == set(REASONS)


@pytest.mark.parametrize(("kind", "expected"), REASONS.items())
def test_codes_and_reasons(kind: type[ApiError], expected: tuple[int, str]) -> None:
    error = kind("no such thing")
    assert (error.code, error.reason) == expected
    assert (str(error), error.message) == ("no such thing", "no such thing")
    assert error.details == errors.StatusDetails()
    assert error.exit_code is ExitCode.ERROR


def test_an_answer_may_have_a_code_of_its_own() -> None:
    details = errors.StatusDetails(name="web", kind="virtualmachines")
    error = ApiError("teapot", details, code=418, reason="Teapot")
    assert (error.code, error.reason, error.details.name) == (418, "Teapot", "web")
    assert (ApiError("x").code, ApiError("x").reason) == (500, "InternalError")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("what?"), 2),
        (errors.ConfigError("no"), 1),
        (errors.LocalError("no"), 1),
        (errors.Unreachable("no"), 1),
        (errors.StreamError("no"), 1),
        (errors.WaitTimeout("ssh", 5, "phase Running"), 124),
    ],
)
def test_exit_codes(error: VirtctlError, code: int) -> None:
    assert error.exit_code == code


def test_hints_are_optional() -> None:
    assert errors.LocalError("no").hint is None
    assert errors.LocalError("no", "try sudo").hint == "try sudo"
    assert VirtctlError.hint is None


def test_a_field_is_named_with_its_value() -> None:
    error = errors.InvalidField("spec.runStrategy", "Often", "must be one of Always, Halted", "h")
    assert str(error) == "`spec.runStrategy`: must be one of Always, Halted; got `Often`"
    assert (error.path, error.value, error.hint) == ("spec.runStrategy", "Often", "h")


def test_a_wait_says_how_far_it_came_and_where_to_look() -> None:
    error = errors.WaitTimeout("ssh", 90.0, "phase Running", "virtctl local logs")
    assert str(error) == "ssh did not come within 90 s; phase Running"
    assert error.hint == "virtctl local logs"


def test_a_remote_code_is_kept() -> None:
    assert errors.RemoteExit(7).status == 7


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    own = [each for each in VirtctlError.__subclasses__() if each.__module__ == errors.__name__]
    for each in (*own, *REASONS):
        assert f"``{each.__name__}``" in errors.__doc__
