import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from tests.fakes.duplexes import EchoDuplex
from virtctl.errors import Conflict, VirtctlError
from virtctl.streams.duplex import Duplex
from virtctl.streams.forward import Bound, TcpForward, UdpForward


def dialer(*outcomes: object) -> Callable[[], Awaitable[Duplex]]:
    left = list(outcomes)

    async def dial() -> Duplex:
        outcome = left.pop(0) if left else EchoDuplex()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[return-value]

    return dial


async def ask(bound: Bound, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(bound.host, bound.port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(100), 60)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_each_connection_has_its_own_stream() -> None:
    forward = TcpForward(dialer(), print)
    bound = await forward.open("127.0.0.1", 0)
    assert await asyncio.gather(ask(bound, b"a"), ask(bound, b"b")) == [b"a", b"b"]
    await forward.close()


async def test_a_failed_connection_does_not_end_the_listener() -> None:
    told: list[str] = []
    forward = TcpForward(dialer(Conflict("VMI is not started")), told.append)
    bound = await forward.open("127.0.0.1", 0)
    assert await ask(bound, b"a") == b""
    assert await ask(bound, b"b") == b"b"
    assert told == ["error: VMI is not started"]
    await forward.close()


async def test_closing_ends_open_connections() -> None:
    forward = TcpForward(dialer(), print)
    bound = await forward.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(bound.host, bound.port)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    await forward.close()
    assert await reader.read() == b""
    writer.close()


async def test_closing_ends_connections_that_still_dial() -> None:
    dialling = asyncio.Event()

    async def dial() -> Duplex:
        dialling.set()
        await asyncio.Event().wait()
        raise AssertionError

    forward = TcpForward(dial, print)
    bound = await forward.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(bound.host, bound.port)
    await dialling.wait()
    await forward.close()
    assert await ask_end(reader) == b""
    writer.close()


@pytest.mark.parametrize("rounds", range(4))
async def test_closing_ends_connections_that_were_only_just_made(rounds: int) -> None:
    forward = TcpForward(dialer(), print)
    bound = await forward.open("127.0.0.1", 0)
    with socket.create_connection(bound) as client:
        for _ in range(rounds):  # the listener is so many steps into taking it
            await asyncio.sleep(0)
        await forward.close()
        client.settimeout(60)
        with suppress(ConnectionResetError):
            assert client.recv(10) == b""


async def ask_end(reader: asyncio.StreamReader) -> bytes:
    with suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), 60)
    return b""


async def test_a_taken_port_is_an_error_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(VirtctlError, match=f"tcp port {port} on 127.0.0.1 is taken") as caught:
            await TcpForward(dialer(), print).open("127.0.0.1", port)
    assert "free one" in str(caught.value.hint)


@pytest.mark.parametrize("kind", [TcpForward, UdpForward])
async def test_an_unknown_address_is_an_error(kind: type[TcpForward | UdpForward]) -> None:
    with pytest.raises(VirtctlError, match=r"not\.an\.address"):
        await kind(dialer(), print).open("not.an.address.invalid", 0)


async def test_datagrams_stay_apart() -> None:
    forward = UdpForward(dialer(), print)
    bound = await forward.open("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    try:
        for client, data in zip(clients, (b"one", b"two"), strict=True):
            client.setblocking(False)
            client.connect((bound.host, bound.port))
            await loop.sock_sendall(client, data)
            assert await asyncio.wait_for(loop.sock_recv(client, 100), 60) == data
    finally:
        for client in clients:
            client.close()
        await forward.close()


async def test_a_client_whose_stream_fails_is_told_of() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    forward = UdpForward(dialer(Conflict("no")), told.put_nowait)
    bound = await forward.open("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"x", (bound.host, bound.port))
        assert await asyncio.wait_for(told.get(), 60) == "error: no"
    await forward.close()
