import asyncio
import json

import pytest

from tests.fakes.eventually import eventually
from tests.fakes.spdyclient import over_websocket, upgraded
from virtctl.local.http.tunnels import PORT_FORWARD
from virtctl.models.kinds import POD
from virtctl.wire import channels

PODS = "/api/v1/namespaces/default/pods"
FORWARD = f"{PODS}/p/portforward"
EXEC = f"{PODS}/p/exec?command=cat&stdin=true&stdout=true&stderr=true"


@pytest.fixture(autouse=True)
def stored(server):
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "compute"}]}}
    server.service.create(POD, "default", pod)
    status = {**server.service.get(POD, "default", "p"), "status": {"phase": "Running"}}
    server.service.update(POD, "default", "p", status, subresource="status")


async def pair(streams, port=80, request="0"):
    error = await streams.open(fin=True, streamType="error", port=str(port), requestID=request)
    data = await streams.open(streamType="data", port=str(port), requestID=request)
    return error, data


async def test_a_connection_goes_both_ways(server) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (socket, streams):
        assert socket.response.headers["Sec-WebSocket-Protocol"] == PORT_FORWARD
        error, data = await pair(streams)
        await streams.write(data, b"hello")
        await streams.until(lambda: streams.data.get(data) == b"port 80: hello")
        await streams.write(data, b"", fin=True)
        await streams.until(lambda: {error, data} <= streams.ended)
        assert streams.data[error] == b""
    assert server.pods.dialed[0].closed


async def test_many_at_once(server) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (_, streams):
        pairs = [await pair(streams, 8000 + number, str(number)) for number in range(5)]
        for _, data in pairs:
            await streams.write(data, b"x" * 100_000)
        await streams.until(
            lambda: all(len(streams.data.get(data, b"")) == 100_011 for _, data in pairs)
        )
    assert all(streams.data[data].endswith(b"x" * 100_000) for _, data in pairs)


async def test_what_is_not_reached_is_said(server) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (_, streams):
        error, data = await pair(streams, 81)
        await streams.until(lambda: {error, data} <= streams.ended)
        assert b"error forwarding port 81: failed to connect" in streams.data[error]


@pytest.mark.parametrize(
    "headers",
    [
        {"streamType": "data", "port": "0"},
        {"streamType": "data", "port": "x"},
        {"streamType": "other", "port": "80"},
    ],
)
async def test_streams_that_are_none(server, headers) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (_, streams):
        stream = await streams.open(**headers)
        await streams.until(lambda: stream in streams.reset)
    assert not server.pods.dialed


async def test_a_reset_ends_one_connection(server) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (_, streams):
        _, data = await pair(streams)
        _, other = await pair(streams, 82, "1")
        await streams.until(lambda: {data, other} <= streams.data.keys())
        await streams.send(streams.spdy.reset(data))
        await eventually(lambda: server.pods.dialed[0].closed)
        await streams.write(other, b"on")
        await streams.until(lambda: streams.data[other] == b"port 82: on")
        assert not server.pods.dialed[1].closed


async def test_clients_that_leave_or_talk_nonsense_leave_nothing(server, caplog) -> None:
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (_, streams):
        _, data = await pair(streams)
        await streams.until(lambda: data in streams.data)
    await eventually(lambda: server.pods.dialed[0].closed)
    async with over_websocket(server.socket, FORWARD, PORT_FORWARD) as (socket, _):
        await socket.send(b"GET / HTTP/1.1\r\n\r\n")
        await socket.wait_closed()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_pods_that_do_not_run_have_no_ports(server) -> None:
    pod = {"metadata": {"name": "q"}, "spec": {"containers": [{"name": "compute"}]}}
    server.service.create(POD, "default", pod)
    async with upgraded(server.socket, f"{PODS}/q/portforward", "portforward.k8s.io") as (
        head, reader, _,
    ):  # fmt: skip
        assert head.startswith("HTTP/1.1 400 Bad Request")
        assert "pod is not running" in json.loads(await reader.read())["message"]


async def test_the_older_upgrade(server) -> None:
    async with upgraded(server.socket, FORWARD, "portforward.k8s.io") as (head, _, streams):
        assert "101 Switching Protocols" in head
        assert "X-Stream-Protocol-Version: portforward.k8s.io" in head
        _, data = await pair(streams)
        await streams.write(data, b"hello")
        await streams.until(lambda: streams.data.get(data) == b"port 80: hello")
    await eventually(lambda: server.pods.dialed[0].closed)


async def test_exec(server) -> None:
    server.pods.code = 3
    async with upgraded(server.socket, EXEC, channels.V4, "channel.k8s.io") as (head, _, streams):
        assert f"X-Stream-Protocol-Version: {channels.V4}" in head
        error = await streams.open(streamType="error")
        stdin = await streams.open(streamType="stdin")
        stdout = await streams.open(streamType="stdout")
        stderr = await streams.open(streamType="stderr")
        await streams.write(stdin, b" typed")
        await streams.write(stdin, b"", fin=True)
        await streams.until(lambda: error in streams.ended)
        assert (streams.data[stdout], streams.data[stderr]) == (b"cat typed", b"oops")
        assert channels.parse_exit(json.loads(streams.data[error])) == 3
    await eventually(lambda: server.pods.process.killed)


async def test_exec_with_a_terminal(server) -> None:
    async with upgraded(server.socket, f"{EXEC}&tty=true", channels.V4) as (_, _, streams):
        for kind in ("error", "stdin", "stdout"):
            await streams.open(streamType=kind)
        refused = await streams.open(streamType="stderr")
        sizes = await streams.open(streamType="resize")
        await streams.write(sizes, b'{"Width":80,"Height":24}\n{"Width":100,"Height":30}\n')
        await streams.until(lambda: refused in streams.reset)
        await eventually(lambda: server.pods.process.sizes == [(80, 24), (100, 30)])
        assert streams.reset == {refused}


async def test_exec_wants_a_protocol_it_knows(server) -> None:
    async with upgraded(server.socket, EXEC, "v1.channel.k8s.io") as (head, reader, _):
        assert "400" in head
        assert "none of the offered protocols" in json.loads(await reader.read())["message"]


async def test_port_forward_needs_its_protocol(server) -> None:
    async with upgraded(server.socket, FORWARD, "other") as (head, _, _):
        assert "400" in head


async def test_stop_ends_upgraded_connections(server) -> None:
    async with upgraded(server.socket, FORWARD, "portforward.k8s.io") as (_, reader, _):
        async with asyncio.timeout(60):
            await server.serving.stop(0.1)
            assert await reader.read() == b""
