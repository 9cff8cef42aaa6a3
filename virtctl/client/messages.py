"""Requests and answers as values, without what sends them: importing that costs 15 ms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from virtctl.errors import Unreachable, UsageError
from virtctl.models.documents import Document, JsonValue

JSON = "application/json"
Query = Mapping[str, str]


def _strange(what: str) -> Unreachable:
    return Unreachable(
        f"the server's answer {what}", "is it an API server, or does something answer for it?"
    )


class Answer(NamedTuple):
    """A complete answer below 400."""

    code: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> JsonValue:
        """The body as JSON; None when it is empty. Raises ``Unreachable`` for anything else."""
        try:
            loaded: JsonValue = json.loads(self.body) if self.body.strip() else None
        except ValueError:
            raise _strange("is no JSON") from None
        return loaded

    def document(self) -> Document:
        """The body as an object; empty when there is none. Raises ``Unreachable``."""
        value = self.json()
        if value is not None and not isinstance(value, dict):
            raise _strange("is no object")
        return value or {}


class Request(NamedTuple):
    """One request; ``body`` None sends none and no Content-Type."""

    method: str
    path: str
    query: Query = MappingProxyType({})
    body: JsonValue = None
    content_type: str = JSON
    accept: str = f"{JSON}, */*"


def escaped(path: str) -> str:
    """``path`` fit for a request line; what is escaped already stays."""
    return quote(path, safe="/%:@!$&'()*+,;=~?")


def segment(name: str) -> str:
    """``name`` when a path can hold it as one of its segments, as apimachinery checks it.

    Raises ``UsageError``.
    """
    if not name:
        raise UsageError("the resource name must not be empty")
    bad = next((part for part in ("/", "%") if part in name), "")
    if bad:
        raise UsageError(f'invalid resource name "{name}": it must not hold `{bad}`')
    if name in {".", ".."}:
        raise UsageError(f'invalid resource name "{name}": it must not be `{name}`')
    return name
