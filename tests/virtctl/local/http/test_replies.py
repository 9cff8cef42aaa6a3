import msgspec
import yaml

from virtctl.errors import NotFound, StatusDetails, TooManyRequests
from virtctl.local.http import replies
from virtctl.local.http.negotiation import YAML, Representation


def test_documents() -> None:
    plain = replies.document_reply({"a": 1}, 201)
    assert (plain.body, plain.status_code, plain.media_type) == (
        b'{"a":1}',
        201,
        "application/json",
    )
    pretty = replies.document_reply({"a": 1}, shown=Representation(pretty=True))
    assert pretty.body == b'{\n  "a": 1\n}\n'
    shown = replies.document_reply({"a": [1]}, shown=Representation(media=YAML))
    assert yaml.safe_load(shown.body) == {"a": [1]}


def test_errors() -> None:
    reply = replies.error_reply(NotFound("gone"))
    assert reply.status_code == 404
    assert msgspec.json.decode(reply.body)["reason"] == "NotFound"
    later = replies.error_reply(TooManyRequests("wait", StatusDetails(retry_after_seconds=2)))
    assert later.headers["retry-after"] == "2"


def test_warnings() -> None:
    reply = replies.add_warnings(replies.text_reply("x"), ['say "hi"', "b", "b"])
    assert reply.headers.getlist("warning") == ['299 - "say \\"hi\\""', '299 - "b"']


def test_page_not_found() -> None:
    assert replies.page_not_found().body == b"404 page not found\n"


def test_warnings_of_all_kinds_of_characters_are_headers() -> None:
    response = replies.add_warnings(replies.text_reply("x"), ['a\x00b\n"\\ä\U0001f600\ud800'])
    sent = dict(response.raw_headers)[b"warning"]
    assert sent == '299 - "a b \\"\\\\ä\U0001f600?"'.encode()
