import asyncio
import json

import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from tests.fakes.eventually import eventually
from virtctl.errors import InternalError
from virtctl.models.kinds import POD, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire import channels
from virtctl.wire.channels import Channel, TerminalSize
from virtctl.wire.paths import build_subresource_path

EXEC = "/api/v1/namespaces/default/pods/p/exec?command=cat&command=-&stdout=true&stderr=true"


def connect(server, path: str, *protocols: str):
    return unix_connect(
        str(server.socket),
        f"ws://api{path}",
        subprotocols=list(protocols) or None,
        compression=None,
    )


def instance(verb: str, name: str = "web") -> str:
    return build_subresource_path("virtualmachineinstances", "default", name, verb)


@pytest.fixture(autouse=True)
def stored(server):
    status = {"phase": "Running", "interfaces": [{"ipAddress": "10.0.0.1"}]}
    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": status}
    server.service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "compute"}]}}
    server.service.create(POD, "default", pod)


async def test_console(server) -> None:
    async with connect(server, instance("console"), channels.PLAIN) as socket:
        assert socket.subprotocol == channels.PLAIN
        assert await socket.recv() == b"hello"
        await socket.send("text is dropped")
        await socket.send(b"typed")
        assert await socket.recv() == b"typed"
        await socket.send(b"end")
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()
    assert server.machines.duplex.closed


async def test_client_that_leaves_closes_the_stream(server) -> None:
    async with connect(server, f"{instance('vnc')}?preserveSession=true") as socket:
        await socket.recv()
    await eventually(lambda: server.machines.duplex.closed)
    assert server.machines.asked == [("vnc", True)]


async def test_port_forward(server) -> None:
    async with connect(server, instance("portforward/22/tcp"), channels.PLAIN) as socket:
        assert await socket.recv() == b"hello"
    assert server.machines.asked == [("dial", 22, "tcp")]


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (instance("console", "none"), 404, '"none" not found'),
        (instance("portforward/x"), 500, "unknown port"),
        (instance("usbredir"), 409, "Not configured with USB"),
        ("/api/v1/namespaces/default/pods/p/log", 400, "no stream"),
        ("/version", 400, "no stream"),
        (EXEC, 400, "none of the offered protocols"),
    ],
)
async def test_refusals_are_answers(server, path, code, message) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(server, path, channels.PLAIN):
            pass
    response = caught.value.response
    assert response.status_code == code
    assert message in json.loads(response.body)["message"]


async def frames(socket):
    """Everything until the status, by channel."""
    found = {}
    while Channel.ERROR not in found:
        frame = channels.parse_frame(await socket.recv())
        found[frame.channel] = found.get(frame.channel, b"") + frame.data
    return found


@pytest.mark.parametrize("protocol", [channels.V5, channels.V4])
async def test_exec(server, protocol) -> None:
    server.pods.code = 3
    async with connect(
        server, EXEC, channels.V5 if protocol == channels.V5 else "x", protocol
    ) as it:
        assert it.subprotocol == protocol
        found = await frames(it)
    assert (found[Channel.STDOUT], found[Channel.STDERR]) == (b"cat -", b"oops")
    assert channels.parse_exit(json.loads(found[Channel.ERROR])) == 3
    assert server.pods.process.killed
    (request,) = server.pods.requests
    assert (request.command, request.container, request.tty) == (("cat", "-"), "compute", False)


async def test_exec_with_input_and_resize(server) -> None:
    async with connect(server, f"{EXEC}&stdin=true&tty=true", channels.V5) as socket:
        await socket.send(
            channels.build_frame(Channel.RESIZE, channels.build_size(TerminalSize(80, 24)))
        )
        await socket.send(channels.build_frame(Channel.STDIN, b" typed"))
        await socket.send(b"")
        await socket.send(channels.build_frame(Channel.CLOSE, bytes((Channel.STDIN,))))
        found = await frames(socket)
    assert found[Channel.STDOUT] == b"cat - typed"
    assert channels.parse_exit(json.loads(found[Channel.ERROR])) == 0
    assert server.pods.process.sizes == [(80, 24)]


async def test_client_that_leaves_ends_the_program(server) -> None:
    async with connect(server, f"{EXEC}&stdin=true", channels.V5) as socket:
        await socket.recv()
        assert not server.pods.process.killed
    await eventually(lambda: server.pods.process.killed)


HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
)


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(
    ("path", "protocol"), [(instance("console"), channels.PLAIN), (EXEC, channels.V5)]
)
async def test_client_that_vanishes_leaves_no_trace(server, caplog, path, protocol, wait) -> None:
    """No close frame, no TCP farewell: neither before nor after the upgrade is that our error."""
    for _ in range(5):
        reader, writer = await asyncio.open_unix_connection(str(server.socket))
        writer.write(HANDSHAKE.format(path=path, protocol=protocol).encode())
        if wait:
            assert b"101" in await reader.readline()
        writer.transport.abort()
        await asyncio.sleep(0.02)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_client_that_vanishes_in_its_body_leaves_no_trace(server, caplog) -> None:
    _, writer = await asyncio.open_unix_connection(str(server.socket))
    head = "POST /api/v1/namespaces HTTP/1.1\r\nHost: api\r\nContent-Length: 100\r\n\r\n{"
    writer.write(head.encode())
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await asyncio.sleep(0.05)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_failure_after_the_upgrade_closes(server) -> None:
    async def fail():
        raise InternalError("broken")

    server.machines.duplex.receive = fail
    async with connect(server, instance("console"), channels.PLAIN) as socket:
        with pytest.raises(ConnectionClosedError) as caught:
            await socket.recv()
    assert caught.value.rcvd.code == 1011


async def test_size_that_is_not_understood_changes_nothing(server) -> None:
    async with connect(server, f"{EXEC}&stdin=true&tty=true", channels.V5) as socket:
        await socket.send(channels.build_frame(Channel.RESIZE, b"{"))
        await socket.send(channels.build_frame(Channel.CLOSE, bytes((Channel.STDIN,))))
        found = await frames(socket)
    assert channels.parse_exit(json.loads(found[Channel.ERROR])) == 0
    assert server.pods.process.sizes == []
