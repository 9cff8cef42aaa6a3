"""A web page on this machine whose websocket leads to a stream: a screen in the browser.

The page is served under a random path, which is its password; other programs' pages cannot know it,
and the browser's ``Origin`` must be the page's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from virtctl.errors import StreamError
from virtctl.streams.duplex import Duplex

_HOST = "127.0.0.1"
_POLICY = "default-src 'self'; connect-src 'self' ws://127.0.0.1:*; frame-ancestors 'none'"


class File(NamedTuple):
    """A file of the page."""

    kind: str
    """Its media type."""
    data: bytes


class Page:
    """The page and its websocket ``stream``; ``talk`` serves each browser that connects."""

    def __init__(
        self, token: str, files: Mapping[str, File], talk: Callable[[Duplex], Awaitable[None]]
    ) -> None:
        self._root = f"/{token}/"
        self._files = files
        self._talk = talk
        self._origin = ""

    async def open(self, port: int) -> tuple[Server, str]:
        """Listen on loopback (port 0 takes a free one); returns server and the page's URL.

        Raises OSError when the port cannot be had.
        """
        server = await serve(
            self._serve, _HOST, port, process_request=self._request, compression=None,
            ping_interval=None, max_size=None,
        )  # fmt: skip
        self._origin = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}"
        return server, f"{self._origin}{self._root}"

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:  # noqa: ARG002
        where = request.path.partition("?")[0]
        name = where.removeprefix(self._root)
        if not where.startswith(self._root):
            return _answer(HTTPStatus.NOT_FOUND, File("text/plain", b"there is nothing here\n"))
        if name == "stream":
            if request.headers.get("Origin") != self._origin:
                return _answer(HTTPStatus.FORBIDDEN, File("text/plain", b"another page's\n"))
            return None
        found = self._files.get(name)
        if found is None:
            return _answer(HTTPStatus.NOT_FOUND, File("text/plain", b"there is nothing here\n"))
        return _answer(HTTPStatus.OK, found)

    async def _serve(self, connection: ServerConnection) -> None:
        await self._talk(_Browser(connection))


def _answer(status: HTTPStatus, file: File) -> Response:
    headers = Headers({
        "Content-Type": file.kind,
        "Content-Length": str(len(file.data)),
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Connection": "close",
    })  # fmt: skip
    return Response(status.value, status.phrase, headers, file.data)


class _Browser:
    """The page's websocket as a stream."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def receive(self) -> bytes:
        try:
            message = await self._connection.recv()
        except ConnectionClosed:
            return b""
        return message if isinstance(message, bytes) else message.encode()

    async def send(self, data: bytes) -> None:
        try:
            await self._connection.send(data)
        except ConnectionClosed as error:
            raise StreamError("the browser has gone") from error

    async def close(self) -> None:
        await self._connection.close()
