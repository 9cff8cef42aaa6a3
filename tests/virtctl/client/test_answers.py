import json

import pytest

from virtctl import errors
from virtctl.client.answers import refusal, warnings


def test_a_status_is_its_error() -> None:
    body = json.dumps(
        {
            "kind": "Status",
            "reason": "AlreadyExists",
            "code": 409,
            "message": "it is there",
            "details": {"name": "a"},
        }
    ).encode()
    error = refusal(409, body, "POST /x")
    assert isinstance(error, errors.AlreadyExists)
    assert (str(error), error.details.name) == ("it is there", "a")


@pytest.mark.parametrize(
    ("code", "body", "kind", "said"),
    [
        (401, b"Unauthorized", errors.Unauthorized, "does not accept these credentials"),
        (403, b"no entry", errors.Forbidden, "no entry"),
        (502, b"<html>bad gateway</html>", errors.ApiError, "the server answered 502 to GET /x"),
        (404, b"", errors.NotFound, "the server answered 404 to GET /x"),
        (500, b'{"kind": "Status", "message": 7}', errors.InternalError, "kind"),
    ],
)
def test_other_texts(code: int, body: bytes, kind: type[errors.ApiError], said: str) -> None:
    error = refusal(code, body, "GET /x")
    assert isinstance(error, kind)
    assert said in str(error)
    assert error.code == code


def test_warnings_are_unquoted() -> None:
    headers = [
        ("Warning", '299 - "unknown field \\"spec.x\\""'),
        ("Date", "x"),
        ("warning", '199 - "no"'),
    ]
    assert warnings(headers) == ['unknown field "spec.x"']
