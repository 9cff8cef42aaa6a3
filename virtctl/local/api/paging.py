"""Continue tokens of lists: where the next page starts, in which snapshot."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec

from virtctl.errors import BadRequest


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: tuple[str, str]


@dataclass(frozen=True)
class Position:
    """After which object, by namespace and name, and at which revision."""

    revision: int
    namespace: str
    name: str


def build_token(position: Position) -> str:
    """The opaque ``continue`` text."""
    token = _Token("v1", position.revision, (position.namespace, position.name))
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def parse_token(text: str) -> Position:
    """What ``build_token`` made. Raises ``BadRequest``."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(raw, type=_Token)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadRequest(f"continue key is not valid: {error}") from error
    return Position(token.rv, *token.start)
