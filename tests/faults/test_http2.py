"""Clients of HTTP/2 that mean harm: what they do ends their connection, and nobody else's."""

import asyncio
import contextlib
import ssl
import struct

import hpack
import pytest

from tests.fakes.apiserver import running
from tests.fakes.eventually import eventually
from tests.fakes.http2client import PATIENCE, connected, frame, last_word, raw
from virtctl.local import pki
from virtctl.local.http.guarding import Limits
from virtctl.local.http.serving import Tls

GET = [(":method", "GET"), (":scheme", "https"), (":path", "/version"), (":authority", "h")]
WATCH = [*GET[:2], (":path", "/api/v1/namespaces?watch=true"), GET[3]]
LIST = [*GET[:2], (":path", "/api/v1/namespaces"), GET[3]]
CALM, WRONG = 11, 1


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return pki.ensure(tmp_path_factory.mktemp("pki"), ("127.0.0.1", "localhost"))


def context(keys) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=keys.ca)
    made.load_cert_chain(keys.admin, keys.admin_key)
    return made


@contextlib.asynccontextmanager
async def served(path, keys, **limits):
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    async with running(path, tls=tls, limits=Limits(sweep_seconds=0.05, **limits)) as server:
        yield server


async def quiet(server, tasks: int) -> None:
    """Return when no more than ``tasks`` requests are being answered."""
    await eventually(lambda: len(server.serving.state.tasks) <= tasks, PATIENCE)


def resets(fields) -> bytes:
    encoder = hpack.Encoder()
    said = b""
    for stream in range(1, 12_001, 2):
        said += frame(1, 5, stream, encoder.encode(fields))
        said += frame(3, 0, stream, struct.pack(">L", 8))
    return said


HOSTILE = {
    "rapid resets": resets(GET),
    "rapid resets of watches": resets(WATCH),
    "pings": frame(6, 0, 0, b"12345678") * 6000,
    "settings": frame(4) * 6000,
    "empty data": frame(1, 4, 1, hpack.Encoder().encode(GET)) + frame(0, 0, 1) * 6000,
    "priorities": frame(2, 0, 1, b"12345") * 6000,
    "continuations": frame(1, 0, 1) + frame(9, 0, 1) * 6000,
    "endless head": frame(1, 0, 1) + frame(9, 0, 1, b"\x40\x01a\x01b" * 3000) * 100,
    "unknown frames": frame(0xFA, 0, 0, b"") * 6000,
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
async def test_floods(tmp_path, keys, said) -> None:
    async with served(tmp_path, keys) as server:
        async with raw(server.port, context(keys), said) as (reader, _):
            # The reason is lost when the connection ends while the client is still sending.
            assert await last_word(reader) in {CALM, WRONG, None}
        await quiet(server, 0)
        async with connected(server.port, context(keys)) as client:
            assert (await client.request("GET", "/version")).status == 200


async def test_compressed_heads_that_become_huge(tmp_path, keys) -> None:
    encoder = hpack.Encoder()
    large = ("x", "y" * 3000)
    said = frame(1, 5, 1, encoder.encode([*GET, large]))
    said += frame(1, 5, 3, encoder.encode([*GET, *[large] * 15_000]))
    async with (
        served(tmp_path, keys) as server,
        raw(server.port, context(keys), said) as (reader, _),
    ):
        assert await last_word(reader) in {CALM, None}


@pytest.mark.parametrize(
    "said",
    [b"", frame(1, 0, 1, b"\x82"), frame(1, 4, 1, b"\x82")[:7], frame(0, 0, 1, b"12345")[:12]],
    ids=["nothing", "head", "frame", "data"],
)
async def test_what_is_begun_must_be_ended(tmp_path, keys, said) -> None:
    async with (
        served(tmp_path, keys, head_seconds=0.3, idle_seconds=1) as server,
        raw(server.port, context(keys), said) as (reader, _),
    ):
        # What is said last may be lost with a connection that ends while something comes.
        assert await last_word(reader) in {0, None}


async def test_who_never_reads_is_given_up(tmp_path, keys) -> None:
    """Answers, watches and heads for a client that opens no window, and takes nothing from TCP."""
    async with served(tmp_path, keys, stall_seconds=0.5) as server:
        encoder = hpack.Encoder()
        said = frame(4, 0, 0, struct.pack(">HL", 4, 0))
        said += b"".join(frame(1, 5, n, encoder.encode(LIST)) for n in range(1, 101, 2))
        async with raw(server.port, context(keys), said) as (_, writer):
            await eventually(lambda: server.serving.state.tasks, PATIENCE)
            await quiet(server, 0)  # though it is still connected
            assert not writer.is_closing()


async def test_who_asks_without_reading_is_stopped(tmp_path, keys) -> None:
    """Requests whose answers need no window: what waits for the client is bounded all the same."""
    async with served(tmp_path, keys) as server:
        encoder = hpack.Encoder()
        head = [(":method", "HEAD"), *GET[1:]]
        context_ = context(keys)
        context_.set_alpn_protocols(["h2"])
        async with raw(server.port, context_) as (reader, writer):
            writer.transport.pause_reading()
            stream = 1
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(20):
                    while stream < 400_000 and not writer.is_closing():
                        said = b""
                        for _ in range(100):
                            said += frame(1, 5, stream, encoder.encode(head))
                            stream += 2
                        writer.write(said)
                        await writer.drain()
            waiting = [
                connection.transport.get_write_buffer_size()
                for connection in server.serving.state.connections
                if connection.transport is not None
            ]
            assert max(waiting, default=0) < 2 * 1024 * 1024
            del reader
            writer.transport.abort()
        async with connected(server.port, context(keys)) as client:
            assert (await client.request("GET", "/version")).status == 200
