"""What a client may keep us waiting for: bounds of one connection, and their watching over.

The time-outs are looked after by one sweep over all connections now and then, which is cheaper than
a timer for each request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True)
class Limits:
    """Bounds of connections.

    ``head_bytes`` are those of a request line with its headers. ``head_seconds`` is how long they
    may take, ``body_seconds`` how long no byte of a body may come, ``idle_seconds`` how long
    nothing may be asked. ``stall_seconds`` is how long the client of an HTTP/2 stream may take
    nothing of an answer that ends by itself. ``connections`` are those over TLS at a time, and
    ``streams`` the requests on one of HTTP/2. All is looked after every ``sweep_seconds``.
    """

    head_bytes: int = 64 * 1024
    head_seconds: float = 30.0
    body_seconds: float = 30.0
    idle_seconds: int = 90
    stall_seconds: float = 60.0
    connections: int = 4096
    streams: int = 100
    sweep_seconds: float = 1.0


class Guarded(ABC):
    """A connection that is looked after."""

    @abstractmethod
    def sweep(self, now: float) -> None:
        """End it, or a part of it, when the client keeps us waiting for too long."""


class Phase(Enum):
    """What is awaited from the client."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()


class Patience:
    """Where one connection stands, and since when in seconds of the event loop's clock."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.phase = Phase.HEAD
        self._since = now
        self._head = 0
        self._newest = 0

    def begin_head(self, now: float) -> None:
        """The first byte of a request has come, somewhere in what came last."""
        self.phase, self._since = Phase.HEAD, now
        self._head = self._newest

    def receive(self, size: int) -> None:
        """Bytes have come, which may be some of a head."""
        self._newest = size
        if self.phase is Phase.HEAD:
            self._head += size

    @property
    def too_long(self) -> bool:
        """Whether the head that is being read may be longer than is allowed."""
        return self.phase is Phase.HEAD and self._head > self._limits.head_bytes

    def begin_body(self, now: float) -> None:
        """The head is complete, or some of the body has come."""
        self.phase, self._since = Phase.BODY, now

    def wait(self, now: float) -> None:
        """The client cannot go on, since we do not read."""
        self._since = now

    def rest(self) -> None:
        """The request is complete: it is our turn."""
        self.phase = Phase.NOTHING

    def is_over(self, now: float) -> bool:
        """Whether the client has taken too long."""
        if self.phase is Phase.NOTHING:
            return False
        head = self.phase is Phase.HEAD
        allowed = self._limits.head_seconds if head else self._limits.body_seconds
        return now - self._since > allowed
