"""A websocket server of ``plain.kubevirt.io`` streams on a real port, in a thread of its own."""

from __future__ import annotations

import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.fakes.websocketthread import served

Talk = Callable[[ServerConnection], Awaitable[None]]


class StreamServer:
    """``talk`` serves each stream; ``refusals`` are answered first, one a request."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self.talk = talk
        self.tls = tls
        self.url = ""
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.refusals: list[tuple[int, str]] = []

    async def serve(self) -> Server:
        return await serve(
            self._serve, "127.0.0.1", 0, process_request=self._request,
            subprotocols=["plain.kubevirt.io", "v5.channel.k8s.io"],
            compression=None, ping_interval=None, ssl=self.tls,
        )  # fmt: skip

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        headers = dict(request.headers.raw_items())
        secure = connection.transport.get_extra_info("ssl_object")
        subject = (secure.getpeercert() or {}).get("subject", ()) if secure else ()
        headers["x-client"] = str(subject[0][0][1]) if subject else ""
        self.headers.append(headers)
        if not self.refusals:
            return None
        code, message = self.refusals.pop(0)
        response = connection.respond(code, json.dumps({"kind": "Status", "message": message}))
        response.headers["Content-Type"] = "application/json"
        return response

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            await self.talk(connection)
        except ConnectionClosed:
            return


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@contextmanager
def stream_server(talk: Talk = echo, tls: ssl.SSLContext | None = None) -> Iterator[StreamServer]:
    fake = StreamServer(talk, tls)
    with served(fake.serve) as port:
        fake.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
        yield fake
