import asyncio
import contextlib
import socket
import ssl
import stat

import httpx
import pytest

from tests.fakes.apiserver import TOKEN, running
from virtctl.errors import LocalError
from virtctl.local import pki
from virtctl.local.http.guarding import Limits
from virtctl.local.http.serving import Ending, Tls, serve

ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return pki.ensure(tmp_path_factory.mktemp("pki"), ("127.0.0.1", "localhost"))


@pytest.fixture
async def server(tmp_path, keys):
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    async with running(tmp_path, tls=tls) as made:
        yield made


def https(server, keys, *, certificate: bool = False, **headers) -> httpx.AsyncClient:
    context = ssl.create_default_context(cafile=keys.ca)
    if certificate:
        context.load_cert_chain(keys.admin, keys.admin_key)
    url = f"https://127.0.0.1:{server.port}"
    return httpx.AsyncClient(verify=context, base_url=url, headers=headers, timeout=60)


async def who(client) -> str:
    async with client:
        answer = await client.post(ME, json={})
    if answer.status_code != 201:
        return str(answer.status_code)
    return answer.json()["status"]["userInfo"]["username"]


async def test_callers(server, keys) -> None:
    assert await who(https(server, keys, certificate=True)) == "virtctl-admin"
    assert await who(https(server, keys, authorization=f"Bearer {TOKEN}")) == "virtctl-admin"
    assert await who(https(server, keys, authorization="Bearer wrong")) == "401"
    assert await who(https(server, keys)) == "403"
    assert await who(server.client()) == "virtctl-admin"


async def test_foreign_certificates_are_refused(server, keys, tmp_path) -> None:
    other = pki.ensure(tmp_path / "other", ("127.0.0.1",))
    context = ssl.create_default_context(cafile=keys.ca)
    context.load_cert_chain(other.admin, other.admin_key)
    url = f"https://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(verify=context, base_url=url, timeout=60) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/version")


async def test_socket_is_private_and_goes(tmp_path) -> None:
    async with running(tmp_path) as server:
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
        async with server.client() as client:
            assert (await client.get("/healthz")).headers["date"]
    assert not server.socket.exists()


async def test_stale_socket_is_replaced(tmp_path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "api.sock"))
    stale.close()
    async with running(tmp_path) as server, server.client() as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_taken_address(server, keys, tmp_path) -> None:
    tls = Tls("127.0.0.1", server.port, keys.server, keys.server_key)
    with pytest.raises(LocalError, match=f"cannot listen on `127.0.0.1:{server.port}`"):
        await serve(lambda: None, tls=tls)
    with pytest.raises(LocalError, match="cannot listen on"):
        await serve(lambda: None, uds=tmp_path / "none" / "api.sock")


async def test_stop_ends_open_watches(tmp_path) -> None:
    path = "/api/v1/namespaces?watch=true"
    async with (
        running(tmp_path) as server,
        server.client() as client,
        client.stream("GET", path) as answer,
    ):
        lines = answer.aiter_lines()
        await anext(lines)
        async with asyncio.timeout(60):
            await server.serving.stop(0.1)
            with pytest.raises(httpx.RemoteProtocolError):
                [line async for line in lines]


def test_endings_are_told_once_to_who_still_wants_to_know() -> None:
    told = []
    ending = Ending()
    ending.listen(lambda: told.append("a"))

    def other() -> None:
        told.append("b")

    ending.listen(other)
    ending.forget(other)
    ending.forget(other)
    ending.come()
    ending.come()
    assert told == ["a"]
    ending.listen(lambda: told.append("late"))
    assert told == ["a", "late"]


async def spoken(server, *said: bytes) -> bytes:
    """What a connection over TLS or the socket says until it ends."""
    reader, writer = await asyncio.open_unix_connection(server.socket)
    try:
        for part in said:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(60):
            return await reader.read()
    except (ConnectionResetError, BrokenPipeError):
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


PATIENT = Limits(head_bytes=2000, idle_seconds=1, sweep_seconds=0.05)
HASTY = Limits(head_bytes=2000, head_seconds=0.3, body_seconds=0.3, sweep_seconds=0.05)
POST = b"POST /api/v1/namespaces HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ((), b"408"),
        ((b"GET /version HT",), b"408"),
        ((b"GET /version HTTP/1.1\r\nhost: a\r\nx: ",), b"408"),
        ((POST, b'{"a'), b"408"),
        ((b"GET /version HTTP/1.1\r\n" + b"x: yyyyyyyyyyyy\r\n" * 1000,), b"431"),
        ((b"GET /version?" + b"x" * 3000 + b" HTTP/1.1\r\nhost: a\r\n\r\n",), b"431"),
        ((b"nonsense\r\n\r\n",), b"400"),
        ((b"GET /%zz\xff HTTP/1.1\r\nhost: a\r\n\r\n",), b"400"),
        ((b"GET /version HTTP/1.1\r\nhost: a\r\n\r\n", b"\r\n"), b"200"),
    ],
)
async def test_clients_that_keep_us_waiting_are_sent_away(tmp_path, said, answer) -> None:
    limits = HASTY if answer == b"408" else PATIENT
    async with running(tmp_path, limits=limits) as server:
        text = await spoken(server, *said)
        assert text[9:12] == answer, text
        async with server.client() as client:
            # Who is slow to ask is sent away as well, and a machine under load may be.
            while (answered := await client.get("/version")).status_code == 408:
                pass
            assert answered.status_code == 200


async def test_large_heads_with_small_bodies_and_the_other_way_round(tmp_path) -> None:
    limits = Limits(head_bytes=2000)
    async with running(tmp_path, limits=limits) as server, server.client() as client:
        body = {"kind": "Namespace", "metadata": {"name": "a"}}
        body["metadata"]["annotations"] = {"text": "z" * 20_000}
        assert (await client.post("/api/v1/namespaces", json=body)).status_code == 201


async def test_connections_are_bounded(keys, tmp_path) -> None:
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    async with (
        running(tmp_path, tls=tls, limits=Limits(connections=2)) as server,
        contextlib.AsyncExitStack() as stack,
    ):
        clients = [
            await stack.enter_async_context(https(server, keys, certificate=True)) for _ in range(3)
        ]
        for client in clients[:2]:
            assert (await client.get("/version")).status_code == 200
        with contextlib.suppress(httpx.TransportError):
            assert (await clients[2].get("/version")).status_code == 503
        async with server.client() as owner:  # is let in all the same
            assert (await owner.get("/version")).status_code == 200


async def test_bodies_are_bounded(tmp_path) -> None:
    async with running(tmp_path) as server, server.client() as client:
        big = b'"' + b"x" * (4 * 1024 * 1024) + b'"'
        answer = await client.post("/api/v1/namespaces", content=big)
        assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")

        async def endless():
            with contextlib.suppress(GeneratorExit):
                while True:
                    yield b"x" * 65536

        try:
            answer = await client.post("/api/v1/namespaces", content=endless())
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # it was still sending when the server had enough
        assert (await client.get("/version")).status_code == 200


async def presented(server, keys) -> tuple[bytes, object]:
    """The certificate that a new connection is shown, and that connection."""
    context = ssl.create_default_context(cafile=keys.ca)
    _, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=context, server_hostname="localhost"
    )
    return writer.get_extra_info("ssl_object").getpeercert(binary_form=True), writer


async def test_certificates_are_renewed_under_open_connections(tmp_path) -> None:
    keys = pki.ensure(tmp_path / "pki", ("127.0.0.1", "localhost"))
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    async with (
        running(tmp_path, tls=tls) as server,
        https(server, keys, certificate=True) as client,
    ):
        assert (await client.get("/version")).status_code == 200
        first, one = await presented(server, keys)
        keys.server.unlink()
        keys.admin.unlink()
        assert pki.renew(keys.directory, ("127.0.0.1", "localhost")) == ("admin", "server")
        server.serving.renew()
        second, other = await presented(server, keys)
        assert first != second
        assert (await client.get("/version")).status_code == 200
        assert await who(https(server, keys, certificate=True)) == "virtctl-admin"
        for writer in (one, other):
            writer.close()
            await writer.wait_closed()


async def test_further_doors_lead_to_the_same_server(tmp_path, keys) -> None:
    async def app(scope, receive, send) -> None:
        del receive
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})

    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
        serving = await serve(app, tls=tls, uds=tmp_path / "doors.sock", doors=[door])
        try:
            context = ssl.create_default_context(cafile=keys.ca)
            async with httpx.AsyncClient(verify=context, timeout=60) as client:
                assert (await client.get(f"https://127.0.0.1:{port}/")).status_code == 204
        finally:
            await serving.stop()
