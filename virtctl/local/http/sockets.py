"""Websockets: KubeVirt's byte streams and the channels of pod exec and attach.

A refusal is an ordinary HTTP answer with a Status, before the upgrade: clients print its message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from virtctl.errors import ApiError, BadRequest, StreamError, VirtctlError
from virtctl.local.api.verbs.ports import Process
from virtctl.streams.duplex import Duplex
from virtctl.wire import channels
from virtctl.wire.channels import Channel

_log = logging.getLogger(__name__)

# What Starlette and the server raise when the other end is not there any more.
_GONE = (WebSocketDisconnect, OSError, RuntimeError)
_INTERNAL_ERROR = 1011  # RFC 6455 section 7.4.1


async def serve_stream(socket: WebSocket, opening: Awaitable[Duplex]) -> None:
    """Join the client to the stream that ``opening`` gives. Raises ``ApiError`` to refuse."""
    stream = await opening
    try:
        offered = socket.scope.get("subprotocols") or []
        await socket.accept(subprotocol=channels.choose(offered, (channels.PLAIN,)))
        await _first(_downwards(socket, stream), _upwards(socket, stream))
    finally:
        await stream.close()
    await end(socket)


async def end(socket: WebSocket, code: int = 1000) -> None:
    """Close the websocket; that the client has gone, however it went, is no error."""
    with contextlib.suppress(*_GONE):
        await socket.close(code)


async def _downwards(socket: WebSocket, stream: Duplex) -> None:
    with contextlib.suppress(StreamError):
        while data := await stream.receive():
            await socket.send_bytes(data)


async def _upwards(socket: WebSocket, stream: Duplex) -> None:
    with contextlib.suppress(StreamError):
        while (data := await message_of(socket)) is not None:
            if data:
                await stream.send(data)


async def message_of(socket: WebSocket) -> bytes | None:
    """The next binary message; empty for a text message, None when the client has gone."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    data: bytes | None = message.get("bytes")
    return data or b""


async def _first(*jobs: Awaitable[None]) -> None:
    """Run ``jobs`` until one ends, then cancel the others; a lost client is no error."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            with contextlib.suppress(*_GONE):
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def serve_process(socket: WebSocket, start: Callable[[], Awaitable[Process]]) -> None:
    """Join the client to a program in a pod. Raises ``ApiError`` to refuse."""
    offered = socket.scope.get("subprotocols") or []
    protocol = channels.choose(offered, (channels.V5, channels.V4))
    if protocol is None:
        raise BadRequest(
            f"none of the offered protocols is served: {', '.join(offered) or 'none was offered'}; "
            f"served are {channels.V5} and {channels.V4}"
        )
    process = await start()
    try:
        await socket.accept(subprotocol=protocol)
        await _first(_output(socket, process), _input(socket, process))
    finally:
        await process.kill()
    await end(socket)


async def _output(socket: WebSocket, process: Process) -> None:
    """Pass on output until it ends, and then the exit status."""
    while True:
        number, data = await process.read()
        if not data:
            break
        await socket.send_bytes(channels.build_frame(Channel(number), data))
    status = channels.exit_status(await process.wait())
    await socket.send_bytes(channels.build_frame(Channel.ERROR, msgspec.json.encode(status)))


async def _input(socket: WebSocket, process: Process) -> None:
    while (message := await message_of(socket)) is not None:
        frame = channels.parse_frame(message)
        if frame is None:
            continue
        match frame.channel:
            case Channel.STDIN if frame.data:
                await feed(process, frame.data)
            case Channel.CLOSE if frame.data == bytes((Channel.STDIN,)):
                await feed(process, b"")
            case Channel.RESIZE:
                await resize(process, frame.data)
            case _:
                pass


async def feed(process: Process, data: bytes) -> None:
    """Write to stdin; a program that no longer reads is no error."""
    with contextlib.suppress(StreamError, OSError):
        await process.write(data)


async def resize(process: Process, data: bytes) -> None:
    """Set the terminal's size; one that is not understood changes nothing."""
    with contextlib.suppress(BadRequest, StreamError, OSError):
        size = channels.parse_size(data)
        await process.resize(size.columns, size.rows)


async def report(socket: WebSocket, error: VirtctlError) -> None:
    """Tell the client of ``error``: by an answer, or by closing what was accepted before."""
    from virtctl.local.http.replies import error_reply

    _log.debug("refused %s: %s", socket.url.path, error)
    if socket.application_state is WebSocketState.CONNECTED:
        await end(socket, _INTERNAL_ERROR)
        return
    refused = error if isinstance(error, ApiError) else BadRequest(str(error))
    with contextlib.suppress(*_GONE):
        await socket.send_denial_response(error_reply(refused))
