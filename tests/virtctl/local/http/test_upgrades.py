import asyncio


async def test_websockets_go_on_as_ever(server) -> None:
    reader, writer = await asyncio.open_unix_connection(str(server.socket))
    writer.write(
        b"GET /version HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: b@d/name\r\n\r\n"
    )
    assert b"400" in await reader.readline()
    writer.close()


async def test_a_refused_websocket_is_no_error_of_ours(server, caplog) -> None:
    reader, writer = await asyncio.open_unix_connection(str(server.socket))
    writer.write(
        b"GET /version HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: plain.kubevirt.io\r\n\r\n"
    )
    assert b"400 Bad Request" in await reader.read()
    writer.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_is_no_handshake_gets_an_answer(server, caplog) -> None:
    for more in (b"", b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n"):
        reader, writer = await asyncio.open_unix_connection(str(server.socket))
        writer.write(
            b"POST /api/v1/pods HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nContent-Length: 2\r\n" + more + b"\r\n{}"
        )
        async with asyncio.timeout(150):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 Bad Request")
        writer.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
