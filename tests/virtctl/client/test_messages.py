import pytest

from virtctl.client.messages import JSON, Answer, Request
from virtctl.errors import Unreachable


def test_bodies_are_read_as_they_come() -> None:
    assert Answer(200, {}, b' {"a": 1} ').document() == {"a": 1}
    assert Answer(200, {}, b"[1]").json() == [1]
    assert Answer(200, {}, b"").json() is None
    assert Answer(200, {}, b"").document() == {}
    with pytest.raises(Unreachable, match="is no object"):
        Answer(200, {}, b"[1]").document()
    with pytest.raises(Unreachable, match="is no JSON"):
        Answer(200, {}, b"<html>").json()


def test_json_is_sent_unless_said_otherwise() -> None:
    request = Request("GET", "/x")
    assert (request.content_type, request.body, dict(request.query)) == (JSON, None, {})
