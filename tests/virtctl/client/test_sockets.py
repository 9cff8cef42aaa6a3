import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve, unix_serve

from tests.fakes.certificates import authority
from tests.fakes.env import SessionAt
from tests.fakes.eventually import eventually
from tests.fakes.sockets import stream_server
from virtctl.client.sockets import dial, dial_direct
from virtctl.errors import ApiError, BadRequest, StreamError, Unreachable


async def test_bytes_go_both_ways(session_at: SessionAt) -> None:
    with stream_server() as server:
        stream = await dial(session_at(server.url, act_as="jane").rest, "/a/console", {"q": "x"})
        await stream.send(b"hello")
        assert await stream.receive() == b"hello"
        await stream.close()
        await stream.close()
    assert server.paths == ["/a/console?q=x"]
    headers = {name.lower(): value for name, value in server.headers[0].items()}
    assert headers["sec-websocket-protocol"] == "plain.kubevirt.io"
    assert headers["impersonate-user"] == "jane"
    assert "sec-websocket-extensions" not in headers


@pytest.mark.parametrize(("code", "said"), [(1011, "code 1011: gone"), (1008, "code 1008")])
async def test_an_abnormal_close_is_an_error(session_at: SessionAt, code: int, said: str) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send(b"x")
        await connection.close(code, "gone" if code == 1011 else "")

    with stream_server(talk) as server:
        stream = await dial(session_at(server.url).rest, "/")
        assert await stream.receive() == b"x"
        with pytest.raises(StreamError, match=said):
            await stream.receive()


async def test_text_is_ignored_and_a_normal_close_is_the_end(session_at: SessionAt) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("keep alive")
        await connection.send(b"data")

    with stream_server(talk) as server:
        stream = await dial(session_at(server.url).rest, "/")
        assert [await stream.receive(), await stream.receive()] == [b"data", b""]
        await stream.send(b"too late")


async def test_a_lost_connection_is_an_error(session_at: SessionAt) -> None:
    async def talk(connection: ServerConnection) -> None:
        connection.transport.abort()

    with stream_server(talk) as server:
        stream = await dial(session_at(server.url).rest, "/")
        with pytest.raises(StreamError, match="1006"):
            await stream.receive()


async def test_a_refusal_is_the_servers_own_word(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(400, "VMI is not running"), (500, "")]
        with pytest.raises(BadRequest, match="VMI is not running"):
            await dial(session_at(server.url).rest, "/")
        with pytest.raises(ApiError):
            await dial(session_at(server.url).rest, "/")


async def test_a_refused_token_is_renewed_once(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(401, "no")]
        rest = session_at(server.url).rest
        rest.credentials._issued = {"token": "old"}
        stream = await dial(rest, "/")
        await stream.close()
    assert len(server.paths) == 2


async def test_nobody_answers(session_at: SessionAt) -> None:
    with pytest.raises(Unreachable, match="nothing answers"):
        await dial(session_at("http://127.0.0.1:1").rest, "/")


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def test_tls(session_at: SessionAt, tmp_path: Path) -> None:
    made = authority()
    async with serve(
        echo, "127.0.0.1", 0, ssl=made.server_context(tmp_path), compression=None,
        subprotocols=["plain.kubevirt.io"],
    ) as server:  # fmt: skip
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        (tmp_path / "ca.crt").write_bytes(made.ca)
        flags = {"certificate_authority": str(tmp_path / "ca.crt"), "tls_server_name": "api.test"}
        stream = await dial(session_at(url, **flags).rest, "/")
        await stream.send(b"x")
        assert await stream.receive() == b"x"
        await stream.close()
        flags["tls_server_name"] = "other.test"
        with pytest.raises(Unreachable, match="not trusted"):
            await dial(session_at(url, **flags).rest, "/")


async def test_unix_sockets(session_at: SessionAt, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with unix_serve(echo, path, subprotocols=["plain.kubevirt.io"]):
        stream = await dial(session_at(f"unix://{path}").rest, "/")
        await stream.send(b"x")
        assert await asyncio.wait_for(stream.receive(), 60) == b"x"
        await stream.close()


class Heard:
    """Keeps what a direct stream tells."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.rooms: list[bool] = []
        self.over = asyncio.Event()
        self.problem = ""

    def heard(self, data: bytes) -> None:
        self.data += data

    def room(self, *, free: bool) -> None:
        self.rooms.append(free)

    def ended(self, problem: str) -> None:
        self.problem = problem
        self.over.set()


@pytest.mark.parametrize(
    ("code", "problem"), [(1000, ""), (1011, "the server closed the stream with code 1011: why")]
)
async def test_a_direct_stream_calls_back(
    session_at: SessionAt, code: int, problem: str
) -> None:  # fmt: skip
    async def talk(connection: ServerConnection) -> None:
        await connection.send(b"banner ")  # comes before anybody listens
        await connection.send("not data")
        await connection.send([b"in ", b"fragments "])
        said = await connection.recv()
        assert isinstance(said, bytes)
        await connection.send(said)
        await connection.close(code, "why")

    with stream_server(talk) as server:
        stream = await dial_direct(session_at(server.url).rest, "/a")
        heard = Heard()
        stream.attach(heard)
        stream.push(b"echo")
        await heard.over.wait()
        stream.push(b"nobody hears this")
        stream.hold(held=True)
        await stream.close()
    assert (bytes(heard.data), heard.problem) == (b"banner in fragments echo", problem)


async def test_a_direct_stream_says_when_the_server_is_slow(session_at: SessionAt) -> None:
    slow = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def talk(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(slow.wait(), loop))
        connection.transport.resume_reading()  # type: ignore[attr-defined]
        async for _ in connection:
            pass

    with stream_server(talk) as server:
        stream = await dial_direct(session_at(server.url).rest, "/a")
        heard = Heard()
        stream.attach(heard)
        while not heard.rooms:
            stream.push(bytes(1 << 20))
        slow.set()
        await eventually(lambda: len(heard.rooms) == 2)
        await stream.close()
    assert heard.rooms == [False, True]


async def test_a_direct_stream_that_ended_before_anybody_listened(session_at: SessionAt) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.close(1011, "no")

    with stream_server(talk) as server:
        stream = await dial_direct(session_at(server.url).rest, "/a")
        await stream.wait_closed()
        heard = Heard()
        stream.attach(heard)
    assert "1011" in heard.problem
