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
