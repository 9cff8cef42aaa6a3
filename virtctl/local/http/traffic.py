"""How much is answered at a time, and in which portions, so that nobody takes all for himself.

Large answers are sent in pieces, between which others get their turns; compressed when the client
asks for it, in a thread. What is being sent and watched is bounded: above that the answer is 429.
"""

from __future__ import annotations

import asyncio
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from virtctl.errors import StatusDetails, TooManyRequests
from virtctl.local.http import replies
from virtctl.local.http.negotiation import JSON
from virtctl.local.http.watches import WatchResponse

PIECE = 128 * 1024  # bytes that are sent at once; more of it fall out of the processor's cache
LARGE = 128 * 1024  # from here on an answer is compressed, as upstream, and sent in pieces
_LEVEL = 1  # as upstream: most of the gain for the least work
_END = b"]}"
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Bounds:
    """What may be under way at a time; ``sending`` in bytes of large answers."""

    watches: int = 4000
    watches_of_one: int = 2000
    sending: int = 256 * 1024 * 1024


class ListReply(Response):
    """A list out of encoded items, which are put together only as they are sent."""

    def __init__(self, head: bytes, items: Sequence[bytes]) -> None:
        super().__init__(media_type=JSON)
        self._head = head
        self._items = items
        self._ends = list(accumulate(map(len, items)))  # bytes of all items up to each
        taken = self._ends[-1] if self._ends else 0
        self.size = len(head) + taken + max(len(items) - 1, 0) + len(_END)
        self.headers["content-length"] = str(self.size)

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces of about ``PIECE`` bytes."""
        items, count = self._items, len(self._items)
        if not count:
            yield self._head + _END
        start = 0
        while start < count:
            sent = self._ends[start - 1] if start else 0
            stop = min(bisect_left(self._ends, sent + PIECE, start) + 1, count)
            part = list(items[start:stop])  # joined but once: copies of so much are what costs
            part[0] = b"," + part[0] if start else self._head + part[0]
            if stop == count:
                part[-1] += _END
            yield b",".join(part)
            start = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        del receive
        await _send_pieces(self, self.pieces(), scope, send)


@dataclass
class Traffic:
    """What is under way."""

    bounds: Bounds = field(default_factory=Bounds)
    _watches: Counter[str] = field(default_factory=Counter)
    _sending: int = 0

    async def deliver(
        self, response: Response, caller: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send ``response`` to ``caller``, or 429 when too much is under way."""
        try:
            with self._counted(response, caller):
                if isinstance(response, WatchResponse) or _size(response) < LARGE:
                    await response(scope, receive, send)
                else:
                    await _send_large(response, scope, send)
        except TooManyRequests as error:
            await replies.error_reply(error)(scope, receive, send)

    @contextmanager
    def _counted(self, response: Response, caller: str) -> Iterator[None]:
        if isinstance(response, WatchResponse):
            with self._watching(response, caller):
                yield
            return
        size = _size(response)
        if size >= LARGE:
            if self._sending and self._sending + size > self.bounds.sending:
                raise _too_many("too many large answers are being sent")
            self._sending += size
        try:
            yield
        finally:
            if size >= LARGE:
                self._sending -= size

    @contextmanager
    def _watching(self, response: WatchResponse, caller: str) -> Iterator[None]:
        mine, all_of_them = self._watches[caller], self._watches.total()
        if mine >= self.bounds.watches_of_one or all_of_them >= self.bounds.watches:
            response.abandon()
            raise _too_many("too many watches are open")
        self._watches[caller] += 1
        try:
            yield
        finally:
            self._watches[caller] -= 1
            if not self._watches[caller]:
                del self._watches[caller]


def _too_many(message: str) -> TooManyRequests:
    return TooManyRequests(
        f"{message}, please try again later", StatusDetails(retry_after_seconds=1)
    )


def _size(response: Response) -> int:
    if isinstance(response, ListReply):
        return response.size
    return len(getattr(response, "body", b""))


async def _send_large(response: Response, scope: Scope, send: Send) -> None:
    if isinstance(response, ListReply):
        pieces = response.pieces()
    else:
        view = memoryview(response.body)
        pieces = (bytes(view[at : at + PIECE]) for at in range(0, len(view), PIECE))
    await _send_pieces(response, pieces, scope, send)


async def _send_pieces(
    response: Response, pieces: Iterator[bytes], scope: Scope, send: Send
) -> None:
    """A gzip stream (RFC 1952) for those who ask for one."""
    packed = _size(response) >= LARGE and _wants_gzip(scope)
    if packed:
        del response.headers["content-length"]
        response.headers["content-encoding"] = "gzip"
        response.headers.add_vary_header("Accept-Encoding")
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP) if packed else None
    held = b""
    if scope["method"] != "HEAD":
        for piece in pieces:
            if held:
                await send({"type": "http.response.body", "body": held, "more_body": True})
                # Others' turn, also when the client reads as fast as we send.
                await asyncio.sleep(0)
            held = piece if packer is None else await asyncio.to_thread(packer.compress, piece)
    end = b"" if packer is None else packer.flush()
    await send({"type": "http.response.body", "body": held + end if end else held})


def _wants_gzip(scope: Scope) -> bool:
    """Whether gzip is in Accept-Encoding and not refused by ``q=0`` (RFC 9110 section 12.5.3)."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for part in value.split(b","):
                coding, _, quality = part.partition(b";")
                if coding.strip().lower() == b"gzip":
                    return quality.replace(b" ", b"") not in {b"q=0", b"q=0.0", b"q=0.00"}
    return False
