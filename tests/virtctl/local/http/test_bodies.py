import pytest
from starlette.requests import Request

from virtctl.errors import ApiError, BadRequest, UnsupportedMediaType
from virtctl.local.http import bodies
from virtctl.local.http.negotiation import JSON, YAML


def request(body: bytes, *, chunk: int = 1 << 20, media: str = "") -> Request:
    chunks = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]

    async def receive():
        data = chunks.pop(0)
        return {"type": "http.request", "body": data, "more_body": bool(chunks)}

    headers = [(b"content-type", media.encode())] if media else []
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def test_read() -> None:
    assert await bodies.read(request(b"x" * 3_000_000)) == b"x" * 3_000_000
    with pytest.raises(ApiError) as caught:
        await bodies.read(request(b"x" * 4_000_000))
    assert caught.value.code == 413


def test_media_type() -> None:
    assert bodies.media_type(request(b"")) == JSON
    assert bodies.media_type(request(b"", media="Application/YAML; charset=utf-8")) == YAML


@pytest.mark.parametrize(
    ("body", "media", "value"),
    [
        (b'{"a":1}', JSON, {"a": 1}),
        (b"[1]", "application/json-patch+json", [1]),
        (b"a: 1\nt: 2026-01-01T00:00:00Z\n", YAML, {"a": 1, "t": "2026-01-01T00:00:00Z"}),
        (b"time: 12:30\non: 1e3\n", YAML, {"time": "12:30", "true": 1000.0}),
        (b'{"a":1}', "application/apply-patch+yaml", {"a": 1}),
    ],
)
def test_values(body, media, value) -> None:
    assert bodies.decode_value(body, media) == value


@pytest.mark.parametrize(
    ("body", "media", "error"),
    [
        (b"{", JSON, BadRequest),
        (b"a: [", YAML, BadRequest),
        (b"{}", "text/plain", UnsupportedMediaType),
        (b"k8s\x00\xff", JSON, BadRequest),
    ],
)
def test_bad_values(body, media, error) -> None:
    with pytest.raises(error):
        bodies.decode_value(body, media)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            b"",
            "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
        ),
        (b'{"a": ', 'error: unexpected end of JSON input ({"a": )'),
        (b'{"a":x}', "invalid character 'x' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type struct { APIVersion string"),
        (b'"x"', "cannot unmarshal string"),
        (b"null", "Object 'Kind' is missing in 'null' (6e756c6c)"),
        (b"{}", "Object 'Kind' is missing in '{}' ({})"),
        (b'{"metadata":{"name":"a-long-name"}}', '({"metadata":{"name":"a-long-na ...)'),
    ],
)
def test_no_object(body, problem) -> None:
    with pytest.raises(BadRequest) as caught:
        bodies.decode_object(body, JSON, "VirtualMachine", custom=True)
    assert str(caught.value).startswith(
        "the object provided is unrecognized (must be of type VirtualMachine): "
    )
    assert problem in str(caught.value)


def test_kinds_of_the_core_need_not_be_named() -> None:
    assert bodies.decode_object(b"{}", JSON, "Pod") == {}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{}", "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (b"[{", "error decoding patch: unexpected end of JSON input"),
    ],
)
def test_bad_patches(body, problem) -> None:
    with pytest.raises(BadRequest) as caught:
        bodies.decode_patch(body, "application/json-patch+json")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"a":{"b":1,"b":2},"c":[{"d":1},{"d":1,"d":2}],"a":3}', ["a.b", "c[1].d", "a"]),
        (b'{"a":1}', []),
        (b"a: 1", []),
        (b"", []),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, []),
        (b"[" * 5000, []),
    ],
)
def test_members_given_twice(body, paths) -> None:
    assert bodies.duplicates(body) == paths


def test_options() -> None:
    assert bodies.decode_options(b"", JSON) == {}
    assert bodies.decode_options(b"null", JSON) == {}
    with pytest.raises(BadRequest):
        bodies.decode_options(b"[1]", JSON)


@pytest.mark.parametrize(
    ("body", "media", "said"),
    [
        (b"[" * 100_000, "application/json", "exceeded max depth"),
        (b'{"a":' * 100_000, "application/json", "exceeded max depth"),
        (b"a: &a [*a]", "application/yaml", "excessive aliasing"),
        (b"[" * 5000, "text/yaml", "JSON"),
        (b"- " * 5000, "application/yaml", "YAML"),
        (b"a: &a [x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]", "text/yaml", "aliasing"),
    ],
)
def test_bodies_that_stand_for_more_than_they_are(body, media, said) -> None:
    with pytest.raises(BadRequest, match=said):
        bodies.decode_value(body, media)


def test_aliases_that_save_little_are_taken() -> None:
    assert bodies.decode_value(b"a: &a [1, 2]\nb: *a", "text/yaml") == {"a": [1, 2], "b": [1, 2]}


def test_yaml_must_be_small() -> None:
    with pytest.raises(ApiError, match="for YAML; send JSON") as refused:
        bodies.decode_value(b"a: b\n" * 60_000, "application/yaml")
    assert refused.value.code == 413
