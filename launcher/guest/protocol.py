"""The QEMU guest agent's JSON: requests to text, replies to values or errors.

libvirt does the transport and the synchronisation (``guest-sync``); what remains is one JSON object
each way, ``{"execute": ..., "arguments": ...}`` and ``{"return": ...}`` or ``{"error": ...}``, as
in QEMU's qga/qapi-schema.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from launcher.errors import AgentError

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"


class _Refusal(msgspec.Struct):
    desc: str = ""


class _Reply(msgspec.Struct):
    result: msgspec.Raw = msgspec.field(name="return", default=msgspec.Raw(b"null"))
    error: _Refusal | None = None


def build_request(command: str, arguments: Mapping[str, JsonValue] | None = None) -> str:
    """The text of one request."""
    request: dict[str, JsonValue] = {"execute": command}
    if arguments:
        request["arguments"] = dict(arguments)
    return msgspec.json.encode(request).decode()


def parse_reply(text: str | bytes) -> msgspec.Raw:
    """What a command returned, still JSON; raises ``AgentError`` when it was refused or garbled."""
    try:
        reply = msgspec.json.decode(text, type=_Reply)
    except msgspec.DecodeError as error:
        raise AgentError(
            f"the guest agent answered with something else than JSON: {error}"
        ) from None
    if reply.error is not None:
        raise AgentError(f"the guest agent refused: {reply.error.desc}")
    return reply.result
