import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from virtctl.client.pages import File, Page
from virtctl.streams.duplex import Duplex


async def echo(local: Duplex) -> None:
    while data := await local.receive():
        await local.send(data)


async def get(url: str) -> tuple[str, bytes]:
    host, _, path = url.removeprefix("http://").partition("/")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


async def test_a_page_and_its_stream() -> None:
    page = Page("secret", {"": File("text/html", b"<p>")}, echo)
    server, url = await page.open(0)
    async with server:
        assert url.startswith("http://127.0.0.1:")
        head, body = await get(url)
        assert head.startswith("HTTP/1.1 200 OK")
        assert "Content-Type: text/html" in head
        assert "Content-Security-Policy: default-src 'self'" in head
        assert body == b"<p>"
        origin = url.partition("/secret/")[0]
        where = f"{url}stream".replace("http", "ws", 1)
        async with connect(where, origin=origin, proxy=None) as socket:  # type: ignore[arg-type]
            await socket.send(b"hello")
            assert await socket.recv() == b"hello"


async def test_others_see_nothing() -> None:
    server, url = await Page("secret", {"": File("text/html", b"<p>")}, echo).open(0)
    async with server:
        for other in (url.replace("secret", "guess"), url.partition("secret")[0], f"{url}nothing"):
            assert (await get(other))[0].startswith("HTTP/1.1 404")
        where = f"{url}stream".replace("http", "ws", 1)
        for origin in (None, "http://evil.example"):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(where, origin=origin, proxy=None)  # type: ignore[arg-type]
