import pytest

from virtctl.client.messages import JSON, Answer, Request, escaped, segment
from virtctl.errors import Unreachable, UsageError


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


def test_paths_are_escaped_once() -> None:
    assert escaped("/api/v1/pods/a b%20c?x=1") == "/api/v1/pods/a%20b%20c?x=1"
    assert escaped("/x/\u00e9") == "/x/%C3%A9"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%b"])
def test_what_no_path_can_hold(name: str) -> None:
    with pytest.raises(UsageError, match="resource name"):
        segment(name)
    assert segment("a.b c") == "a.b c"
