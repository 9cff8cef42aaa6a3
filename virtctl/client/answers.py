"""Answers of an API server that are refusals: a ``Status`` or plain text to an ``ApiError``."""

from __future__ import annotations

import json
from collections.abc import Iterable

from virtctl.errors import ApiError, InvalidField
from virtctl.wire.status import is_status, parse_status


def refusal(code: int, body: bytes, where: str) -> ApiError:
    """The error that an answer of 400 and more means; ``where`` names the request."""
    try:
        document = json.loads(body)
        if is_status(document):
            return parse_status(document, code)
    except (ValueError, InvalidField):
        pass  # no Status: a proxy or an aggregated server's own text
    said = body.decode(errors="replace").strip()
    if said.startswith("<"):
        said = ""  # an HTML page helps nobody
    if code == 401 and said.lower() in {"", "unauthorized"}:
        said = "unauthorized: the server does not accept these credentials"
    message = said[:400] or f"the server answered {code} to {where}"
    return parse_status({"message": message}, code)


def warnings(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Texts of ``Warning: 299 - "text"`` headers (RFC 9110 leaves them to RFC 7234 §5.5)."""
    found = []
    for name, value in headers:
        if name.lower() == "warning" and value.startswith("299 "):
            quoted = value[value.find('"') + 1 : value.rfind('"')]
            found.append(quoted.replace('\\"', '"').replace("\\\\", "\\"))
    return found
