"""The one shape of a two-way byte stream that consoles, VNC and port-forwards share."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Duplex(Protocol):
    """A stream of byte chunks. For UDP each chunk is one datagram."""

    async def receive(self) -> bytes:
        """The next chunk; empty at the end of the stream. Raises ``StreamError`` when it broke."""

    async def send(self, data: bytes) -> None:
        """Send one chunk; waits while the other side is slow."""

    async def close(self) -> None:
        """End both directions; may be called twice."""


class Listener(Protocol):
    """Who is told of what comes on a ``Direct`` stream."""

    def heard(self, data: bytes) -> None:
        """Bytes came."""

    def room(self, *, free: bool) -> None:
        """The other side takes no more for now, or does again."""

    def ended(self, problem: str) -> None:
        """Nothing more will come; ``problem`` is empty after a normal end."""


@runtime_checkable
class Direct(Protocol):
    """A stream that calls back, for bulk: no task is woken for each chunk."""

    def attach(self, listener: Listener) -> None:
        """Tell ``listener`` from now on, first of what came before."""

    def push(self, data: bytes) -> None:
        """Send without waiting; see ``Listener.room``."""

    def hold(self, *, held: bool) -> None:
        """Read no more for now, or go on."""

    async def close(self) -> None:
        """End both directions; may be called twice."""
