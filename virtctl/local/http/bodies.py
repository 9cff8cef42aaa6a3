"""Request bodies: bounded reading, and JSON, YAML or protobuf to documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request

from virtctl.errors import ApiError, BadRequest, UnsupportedMediaType
from virtctl.local.api import objects
from virtctl.local.http.negotiation import JSON, PROTOBUF, YAML
from virtctl.models.documents import Document, JsonValue
from virtctl.wire import protobuf
from virtctl.wire.scalars import resolvers

if TYPE_CHECKING:
    import yaml

LIMIT = 3 * 1024 * 1024
"""As the API server's own limit, which is etcd's doubled."""
YAML_LIMIT = 256 * 1024
"""Reading YAML takes a hundred times as long as JSON, and everybody waits for it."""
_DRAINED = 64 * 1024 * 1024  # bytes of a refused body that are read, so that the answer is


NO_JSON = "the body of the request is not JSON: "


async def read(request: Request) -> bytes:
    """The whole body. Raises ``ApiError`` 413 above ``LIMIT`` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > LIMIT:
        raise _too_large()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LIMIT:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def is_endless(request: Request) -> bool:
    """Whether a body that is refused may go on for too long to read it to its end."""
    announced = request.headers.get("content-length", "")
    return not announced.isdecimal() or int(announced[:20]) > _DRAINED


def _too_large() -> ApiError:
    return ApiError(
        f"Request entity too large: limit is {LIMIT}", code=413, reason="RequestEntityTooLarge"
    )


def media_type(request: Request) -> str:
    """The media type of the body, lower-case, without parameters; JSON when not given."""
    header = request.headers.get("content-type", "")
    return header.partition(";")[0].strip().lower() or JSON


def decode_value(body: bytes, media: str) -> JsonValue:
    """The JSON value of ``body``. Raises ``BadRequest`` and ``UnsupportedMediaType``."""
    if body.startswith(protobuf.MAGIC):
        return protobuf.decode(body)
    if media == JSON or media.endswith("+json"):
        return _json(body)
    if media in {YAML, "application/apply-patch+yaml", "text/yaml", "application/x-yaml"}:
        return _json(body) if body[:1] in {b"{", b"["} else _yaml(body)
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        f"{JSON}, {YAML}, {PROTOBUF}"
    )


def _json(body: bytes) -> JsonValue:
    try:
        value: JsonValue = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(NO_JSON + _problem(body, error)) from error
    except RecursionError as error:
        raise BadRequest(f"{NO_JSON}exceeded max depth") from error
    return value


_POSITION = re.compile(r"\(byte (\d+)\)")


def _problem(body: bytes, error: Exception) -> str:
    """What is wrong with JSON, in the words of Go's parser, which clients show."""
    found = _POSITION.search(str(error))
    position = int(found[1]) if found else len(body)
    if position >= len(body):
        return "unexpected end of JSON input"
    character = body[position : position + 1].decode("latin-1")
    before = body[:position].rstrip()[-1:]
    what = "object key string" if before in {b"{", b","} and character != "}" else "value"
    return f"invalid character '{character}' looking for beginning of {what}"


@cache
def _loader() -> type[yaml.SafeLoader]:
    """YAML as Kubernetes reads it: no timestamps, no base-60 numbers."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {}
    for first, tag, pattern in resolvers():
        Loader.yaml_implicit_resolvers.setdefault(first, []).append((tag, pattern))
    return Loader


def _yaml(body: bytes) -> JsonValue:
    import yaml

    if len(body) > YAML_LIMIT:
        raise ApiError(
            f"Request entity too large: limit is {YAML_LIMIT} for YAML; send JSON",
            code=413,
            reason="RequestEntityTooLarge",
        )
    try:
        value: JsonValue = yaml.load(body, _loader())  # noqa: S506 - derives from SafeLoader
        return _Texts(len(body)).of(value)
    except yaml.YAMLError as error:
        raise BadRequest(f"the body of the request is not YAML: {error}") from error
    except (RecursionError, ValueError) as error:
        # a mapping inside itself, or a number that is none
        raise BadRequest(f"the body of the request is not YAML that is JSON: {error}") from error


class _Texts:
    """Values with all keys as text: YAML's ``on: x`` has a boolean for a key.

    Aliases let a short document stand for a huge one: one of more than ``most`` values is refused,
    as without aliases each takes a byte at least.
    """

    def __init__(self, most: int) -> None:
        self._left = most + 1

    def of(self, value: JsonValue) -> JsonValue:
        """``value`` so. Raises ``BadRequest``."""
        self._left -= 1
        if self._left < 0:
            raise BadRequest("the body of the request contains excessive aliasing")
        if isinstance(value, dict):
            return {_key(key): self.of(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.of(inner) for inner in value]
        return value


def _key(key: object) -> str:
    return key if isinstance(key, str) else msgspec.json.encode(key).decode()


def decode_object(body: bytes, media: str, kind: str, *, custom: bool = False) -> Document:
    """The object in ``body``. Raises ``BadRequest``, worded as the API server does.

    ``custom`` resources must name their kind, others may leave it out.
    """
    try:
        value = decode_value(body, media)
    except BadRequest as error:
        problem = error.message.removeprefix(NO_JSON)
        if not body:
            problem = "unexpected end of JSON input"
        raise _unrecognized(
            kind, f"couldn't get version/kind; json parse error: {problem}", body
        ) from error
    if isinstance(value, dict) and (value.get("kind") or not custom):
        return value
    if value is None or isinstance(value, dict):
        raise _unrecognized(kind, f"Object 'Kind' is missing in '{body.decode()}'", body)
    raise _unrecognized(
        kind,
        "couldn't get version/kind; json parse error: json: cannot unmarshal "
        f"{objects.go_word(value)} into Go value of type {_TYPE_META}",
        body,
    )


_TYPE_META = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }'
)
_SHOWN = 30  # bytes of a body that a message shows


def _unrecognized(kind: str, problem: str, body: bytes) -> BadRequest:
    cut = body[:_SHOWN]
    shown = cut.decode(errors="replace") if body[:1] == b"{" else cut.hex()
    more = " ..." if len(body) > _SHOWN else ""
    return BadRequest(
        f"the object provided is unrecognized (must be of type {kind}): {problem} "
        f"({shown + more if body else '<empty>'})"
    )


def decode_patch(body: bytes, media: str) -> JsonValue:
    """The patch in ``body``. Raises ``BadRequest`` and ``UnsupportedMediaType``."""
    try:
        value = decode_value(body, media)
    except BadRequest as error:
        problem = error.message.removeprefix(NO_JSON)
        raise BadRequest(f"error decoding patch: {problem}") from error
    if media == "application/json-patch+json" and not isinstance(value, list):
        raise BadRequest(
            f"error decoding patch: json: cannot unmarshal {objects.go_word(value)} into Go value "
            "of type []handlers.jsonPatchOp"
        )
    return value


def duplicates(body: bytes) -> list[str]:
    """Paths of members that JSON ``body`` has twice, such as ``spec.a``; the last one counts."""
    doubled = False

    def look(pairs: list[tuple[str, JsonValue]]) -> None:
        nonlocal doubled
        doubled = doubled or len({key for key, _ in pairs}) != len(pairs)

    try:
        json.loads(body, object_pairs_hook=look)
        return [*_doubled(json.loads(body, object_pairs_hook=_Pairs), "")] if doubled else []
    except (ValueError, RecursionError):
        return []  # YAML, or what is refused elsewhere


class _Pairs(list[tuple[str, object]]):
    """An object's members in order."""


def _doubled(value: object, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, inner in value:
            where = f"{path}.{key}" if path else key
            if key in seen:
                yield where
            seen.add(key)
            yield from _doubled(inner, where)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _doubled(inner, f"{path}[{position}]")


def decode_options(body: bytes, media: str) -> Document:
    """An options object, which may be left out. Raises ``BadRequest``."""
    if not body:
        return {}
    try:
        value = decode_value(body, media)
    except BadRequest as error:
        problem = error.message.removeprefix(NO_JSON)
        raise BadRequest(f"couldn't get version/kind; json parse error: {problem}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest("the options in the body of the request are no object")
    return value
