"""From documents and errors to responses."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from virtctl.errors import ApiError
from virtctl.local.http.negotiation import JSON, YAML, Representation
from virtctl.models.documents import Document
from virtctl.wire.status import build_status

_PLAIN = Representation()
_BLANKS = dict.fromkeys((*range(32), 127), " ")


def encode(document: Document, shown: Representation = _PLAIN) -> bytes:
    """``document`` as JSON or YAML."""
    if shown.media == YAML:
        import yaml

        return yaml.safe_dump(document, sort_keys=True).encode()
    body = msgspec.json.encode(document)
    return msgspec.json.format(body, indent=2) + b"\n" if shown.pretty else body


def document_reply(document: Document, code: int = 200, shown: Representation = _PLAIN) -> Response:
    """A response with ``document``."""
    return Response(encode(document, shown), code, media_type=shown.media)


def json_reply(body: bytes, code: int = 200) -> Response:
    """A response with JSON that is encoded already."""
    return Response(body, code, media_type=JSON)


def error_reply(error: ApiError, shown: Representation = _PLAIN) -> Response:
    """The ``Status`` for ``error``."""
    response = document_reply(build_status(error), error.code, shown)
    if error.details.retry_after_seconds:
        response.headers["retry-after"] = str(error.details.retry_after_seconds)
    return response


def text_reply(text: str, code: int = 200) -> Response:
    """A plain text response."""
    return Response(text, code, media_type="text/plain")


def page_not_found() -> Response:
    """What the API server's multiplexer says to paths that nothing serves."""
    return text_reply("404 page not found\n", 404)


def add_warnings(response: Response, warnings: list[str]) -> Response:
    """``response`` with a ``Warning`` header (RFC 7234 section 5.5) for each text.

    They are UTF-8, as upstream's; control characters, which no header may have, are blanks.
    """
    for text in dict.fromkeys(warnings):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').translate(_BLANKS)
        shown = f'299 - "{escaped}"'.encode("utf-8", "replace").decode("latin-1")
        response.headers.append("warning", shown)
    return response
