"""What the API needs of machines and pods, as protocols; ``local.node.attach`` fulfils them.

Refusals are raised as ``ApiError`` before a stream is returned, so that HTTP can still answer with
a Status before it upgrades.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from virtctl.models.documents import Document, JsonValue
from virtctl.streams.duplex import Duplex


class GuestAction(StrEnum):
    """Requests to a running machine that answer with JSON or nothing."""

    PAUSE = "pause"
    UNPAUSE = "unpause"
    RESET = "reset"
    SOFT_REBOOT = "softreboot"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    OS_INFO = "guestosinfo"
    USERS = "userlist"
    FILESYSTEMS = "filesystemlist"


@dataclass(frozen=True)
class ExecRequest:
    """``pods/exec`` and ``pods/attach``: command, container and which streams are wanted."""

    command: tuple[str, ...]
    container: str
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


class Process(Protocol):
    """A running exec session."""

    async def read(self) -> tuple[int, bytes]:
        """The next output: (1, stdout) or (2, stderr); data is empty when both have ended."""

    async def write(self, data: bytes) -> None:
        """Feed stdin; empty data closes it."""

    async def resize(self, columns: int, rows: int) -> None:
        """Set the terminal's size."""

    async def wait(self) -> int:
        """The exit code."""

    async def kill(self) -> None:
        """End the process and free its streams; may be called twice."""


class PodStream(Duplex, Protocol):
    """A connection to a port of a pod, one direction of which can end before the other."""

    async def finish(self) -> None:
        """Say that nothing more will be sent."""


class Machines(Protocol):
    """Running machines, by their VMI document."""

    async def act(self, vmi: Document, action: GuestAction, body: Document) -> JsonValue:
        """Carry out ``action``; returns the JSON that GETs answer with."""

    async def console(self, vmi: Document) -> Duplex:
        """The serial console; an earlier client is ended."""

    async def vnc(self, vmi: Document, *, preserve_session: bool) -> Duplex:
        """The VNC server's byte stream."""

    async def usbredir(self, vmi: Document) -> Duplex:
        """A channel for a client's USB device; 500 when all are in use."""

    async def screenshot(self, vmi: Document) -> bytes:
        """A PNG of the screen."""

    async def dial(self, vmi: Document, port: int, protocol: str) -> Duplex:
        """A connection to ``port`` of the machine's first address; ``protocol`` is tcp or udp."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What is asked from inside a pod's network.

    ``links``: who has an address on a link of the pod, as ``LINK,ADDRESS[,MAC]``, where MAC is
    who asks. ``names``: of the node's name service. ``echoes``: whether a ping of so many bytes
    comes back, as ``ADDRESS,BYTES`` from the pod itself, or as ``ADDRESS,BYTES,LINK,MAC,FROM`` on
    a link in the guest's name.
    """

    links: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    echoes: tuple[str, ...] = ()


class Pods(Protocol):
    """Running pods."""

    async def execute(self, pod: Document, request: ExecRequest) -> Process:
        """Start a program in a pod's namespaces."""

    def log(
        self, pod: Document, container: str, *, follow: bool, tail: int | None
    ) -> AsyncIterator[bytes]:
        """A container's log, in chunks."""

    async def dial(self, pod: Document, port: int) -> PodStream:
        """A connection to ``port`` of the pod's own loopback address."""

    async def network(self, pod: Document, probes: Probes) -> Document:
        """What a pod's node sees of its network, and answers to ``probes``."""

    def capture(self, pod: Document, scope: str, link: str) -> AsyncGenerator[bytes, None]:
        """Frames that pass a link of the pod or (``scope`` node) of its node, as pcap."""
