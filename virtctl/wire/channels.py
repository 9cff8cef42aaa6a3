"""Framing of websocket streams.

``plain.kubevirt.io``: every binary message is a slice of the byte stream, nothing else.
``v4`` and ``v5.channel.k8s.io`` (exec, attach): the first byte of a binary message is the channel;
channel 3 ends with a Status, channel 4 takes terminal sizes, and v5's 255 closes the channel that
the next byte names (client-go's remotecommand).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import msgspec

from virtctl.errors import BadRequest
from virtctl.models import documents
from virtctl.models.documents import Document

PLAIN = "plain.kubevirt.io"
V4 = "v4.channel.k8s.io"
V5 = "v5.channel.k8s.io"


class Channel(IntEnum):
    """Numbers of the channels."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    RESIZE = 4
    CLOSE = 255


def choose(offered: Sequence[str], known: Sequence[str]) -> str | None:
    """The first protocol of ``known``, in our order of preference, that the client offers."""
    return next((protocol for protocol in known if protocol in offered), None)


def build_frame(channel: Channel, data: bytes) -> bytes:
    """A message of ``data`` on ``channel``."""
    return bytes((channel,)) + data


@dataclass(frozen=True)
class Frame:
    """A parsed message."""

    channel: Channel
    data: bytes


def parse_frame(message: bytes) -> Frame | None:
    """The channel and data of a message; None for empty messages and unknown channels."""
    if not message:
        return None
    try:
        return Frame(Channel(message[0]), message[1:])
    except ValueError:
        return None


@dataclass(frozen=True)
class TerminalSize:
    """Columns and rows of a terminal."""

    columns: int
    rows: int


def build_size(size: TerminalSize) -> bytes:
    """The payload of channel 4."""
    return msgspec.json.encode({"Width": size.columns, "Height": size.rows})


def parse_size(data: bytes) -> TerminalSize:
    """The terminal size in the payload of channel 4. Raises ``BadRequest``."""
    try:
        found = msgspec.json.decode(data, type=dict)
        return TerminalSize(documents.integer(found, "Width"), documents.integer(found, "Height"))
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRequest(f"terminal size is not understood: {error}") from error


def exit_status(code: int) -> Document:
    """The Status that channel 3 ends with for a program that exited with ``code``."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def parse_exit(status: Document) -> int | None:
    """The exit code in the Status of channel 3; None when the program could not be run."""
    if documents.text(status, "status") == "Success":
        return 0
    for cause in documents.objects(status, "details", "causes"):
        if documents.text(cause, "reason") == "ExitCode":
            return int(documents.text(cause, "message"))
    return None
