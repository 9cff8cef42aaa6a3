"""The terminal of a program in a pod: one stream out of the channels of ``attach`` and ``exec``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

from virtctl.errors import StreamError
from virtctl.models.documents import Document, text
from virtctl.streams.duplex import Duplex
from virtctl.wire.channels import (
    Channel,
    TerminalSize,
    build_frame,
    build_size,
    parse_exit,
    parse_frame,
)


class Terminal(Duplex, Protocol):
    """A stream whose size can be changed."""

    async def resize(self, size: TerminalSize) -> None:
        """Tell the other side of the terminal's size."""


class ChannelDuplex:
    """What the program writes is received, what is sent is its input."""

    def __init__(self, socket: Duplex) -> None:
        self._socket = socket
        self.code: int | None = None
        """The program's exit code once it has ended and the server said it."""

    async def receive(self) -> bytes:
        """The next output; empty at the end. Raises ``StreamError`` when it could not be run."""
        while message := await self._socket.receive():
            frame = parse_frame(message)
            if frame is None:
                continue
            if frame.channel is Channel.ERROR:
                self.code = _exit_code(frame.data)
                return b""
            if frame.channel in {Channel.STDOUT, Channel.STDERR} and frame.data:
                return frame.data
        return b""

    async def send(self, data: bytes) -> None:
        """Give ``data`` to the program. Raises ``StreamError`` when it has gone."""
        await self._socket.send(build_frame(Channel.STDIN, data))

    async def resize(self, size: TerminalSize) -> None:
        """Tell the program of the terminal's size."""
        await self._socket.send(build_frame(Channel.RESIZE, build_size(size)))

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()


@dataclass(frozen=True)
class Part:
    """A piece of what a program wrote; ``is_error`` is whether to stderr."""

    data: bytes
    is_error: bool


class ProgramOutput:
    """What a program without input writes, stdout and stderr apart."""

    def __init__(self, socket: Duplex) -> None:
        self._socket = socket
        self.code: int | None = None
        """The program's exit code once it has ended and the server said it."""

    async def receive(self) -> Part | None:
        """The next output; None at the end. Raises ``StreamError`` when it could not be run."""
        while message := await self._socket.receive():
            frame = parse_frame(message)
            if frame is None:
                continue
            if frame.channel is Channel.ERROR:
                self.code = _exit_code(frame.data)
                return None
            if frame.channel in {Channel.STDOUT, Channel.STDERR} and frame.data:
                return Part(frame.data, frame.channel is Channel.STDERR)
        return None

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()


def _exit_code(data: bytes) -> int:
    """The exit code in a status. Raises ``StreamError`` when there is none."""
    try:
        status: Document = json.loads(data)
    except ValueError:
        raise StreamError(data.decode(errors="replace").strip()) from None
    code = parse_exit(status)
    if code is None:
        raise StreamError(text(status, "message") or "the program could not be run")
    return code
