import asyncio

from tests.fakes.spdyclient import upgraded
from virtctl.local.http.upgrades import offered_name

FORWARD = "/api/v1/namespaces/default/pods/none/portforward"


def test_names() -> None:
    assert offered_name("SPDY%2F3.1+portforward.k8s.io") == "SPDY/3.1+portforward.k8s.io"
    assert offered_name("plain.kubevirt.io") == "plain.kubevirt.io"


async def test_refusals_are_answers(server) -> None:
    async with upgraded(server.socket, FORWARD, "portforward.k8s.io") as (head, reader, _):
        assert head.startswith("HTTP/1.1 404 Not Found\r\n")
        assert "content-type: application/json" in head
        assert b'pods \\"none\\" not found' in await reader.read()


async def test_paths_without_streams(server) -> None:
    async with upgraded(server.socket, "/version", "portforward.k8s.io") as (head, _, _):
        assert head.startswith("HTTP/1.1 400")


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
