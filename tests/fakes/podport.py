"""The ``portforward`` of a pod: SPDY in a websocket, whose streams lead to ports of ours."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.fakes.proxying import listening, splice
from tests.fakes.websocketthread import served
from virtctl.wire.spdy import Opened, Received, SpdyConnection, WasReset

PROTOCOL = "SPDY/3.1+portforward.k8s.io"
_HEADER = "Sec-WebSocket-Protocol"


class PodServer:
    """``ports`` maps ports of the pod to ports of this machine; others refuse connections."""

    def __init__(self, ports: dict[int, int]) -> None:
        self.ports = ports
        self.url = ""
        self.paths: list[str] = []
        self.offered: list[str] = []
        self.opened: list[dict[str, str]] = []
        self.answers: dict[str, object] = {}
        self.refusal: tuple[int, str] | None = None
        self.sockets: list[ServerConnection] = []

    def request(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path in self.answers:
            response = connection.respond(200, json.dumps(self.answers[path]))
            response.headers["Content-Type"] = "application/json"
            return response
        self.paths.append(request.path)
        self.offered += request.headers.get_all(_HEADER)
        if self.refusal is not None:
            status = {"kind": "Status", "message": self.refusal[1]}
            return connection.respond(self.refusal[0], json.dumps(status))
        if request.headers.get_all(_HEADER):
            del request.headers[_HEADER]  # no token for the package
        return None

    @staticmethod
    def response(connection: ServerConnection, request: Request, response: Response) -> None:
        if response.status_code == 101:
            response.headers[_HEADER] = PROTOCOL

    def drop(self) -> None:
        """Cut the newest websocket off."""
        newest = self.sockets[-1]
        newest.loop.call_soon_threadsafe(newest.transport.abort)

    async def start(self) -> Server:
        return await serve(
            self.serve, "127.0.0.1", 0, process_request=self.request,
            process_response=self.response, compression=None, ping_interval=None,
        )  # fmt: skip

    async def serve(self, connection: ServerConnection) -> None:
        self.sockets.append(connection)
        with suppress(ConnectionClosed):
            await _Talk(self, connection).run()


class _Talk:
    def __init__(self, server: PodServer, connection: ServerConnection) -> None:
        self.server = server
        self.connection = connection
        self.spdy = SpdyConnection()
        self.errors: dict[str, int] = {}
        self.writers: dict[int, asyncio.StreamWriter] = {}
        self.closed: list[asyncio.StreamWriter] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        try:
            async for message in self.connection:
                assert isinstance(message, bytes)
                for event in self.spdy.receive(message):
                    await self.handle(event)
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            for writer in [*self.writers.values(), *self.closed]:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def handle(self, event: object) -> None:
        match event:
            case Opened(stream, headers, fin):
                self.server.opened.append({**headers, "fin": str(fin)})
                await self.connection.send(self.spdy.reply(stream))
                if headers["streamtype"] == "error":
                    self.errors[headers["requestid"]] = stream
                else:
                    await self.open(stream, headers)
            case Received(stream, data, fin) if stream in self.writers:
                self.writers[stream].write(data)
                if fin:
                    self.writers[stream].write_eof()
            case WasReset(stream) if stream in self.writers:
                self.closed.append(self.writers.pop(stream))
                self.closed[-1].close()
            case _:
                pass

    async def open(self, stream: int, headers: dict[str, str]) -> None:
        port = self.server.ports.get(int(headers["port"]))
        if port is None:
            said = f"an error occurred forwarding to port {headers['port']}: refused"
            errors = self.errors[headers["requestid"]]
            await self.connection.send(self.spdy.data(errors, said.encode(), fin=True))
            await self.connection.send(self.spdy.data(stream, b"", fin=True))
            return
        reader, self.writers[stream] = await asyncio.open_connection("127.0.0.1", port)
        self.tasks.append(asyncio.create_task(self.copy(stream, reader)))

    async def copy(self, stream: int, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(1000):
            await self.connection.send(self.spdy.data(stream, data))
        await self.connection.send(self.spdy.data(stream, b"", fin=True))


@contextmanager
def pod_server(ports: dict[int, int]) -> Iterator[PodServer]:
    fake = PodServer(ports)
    with served(fake.start) as port:
        fake.url = f"http://127.0.0.1:{port}"
        yield fake


@contextmanager
def front_door(api: str, pods: str) -> Iterator[str]:
    """One URL in front of two servers: streams of pods go to ``pods``."""
    ports = [int(url.rpartition(":")[2]) for url in (api, pods)]

    def serve(client: socket.socket) -> None:
        first = client.recv(65536)
        line = first.partition(b"\r\n")[0]
        port = ports[
            1 if b"/portforward" in line or b"/attach?" in line or b"/exec?" in line else 0
        ]
        with client, socket.create_connection(("127.0.0.1", port)) as far:
            far.sendall(first)
            splice(client, far)

    with listening(serve) as port:
        yield f"http://127.0.0.1:{port}"
