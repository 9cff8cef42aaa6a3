import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.env import SessionAt
from tests.fakes.podport import PROTOCOL, pod_server
from virtctl.client.portforward import PodForward
from virtctl.errors import Forbidden, StreamError
from virtctl.streams.duplex import Duplex


@contextmanager
def echo_port() -> Iterator[int]:
    """Sends back in capitals what it gets, until its clients are done."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def work() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    while data := client.recv(65536):
                        client.sendall(data.upper())

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


async def exactly(stream: Duplex, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await stream.receive()
    return data


async def test_connections_share_a_websocket(session_at: SessionAt) -> None:
    with echo_port() as port, pod_server({80: port}) as server:
        forward = PodForward(session_at(server.url).rest, "ns", "p")
        for _ in range(2):
            stream = await forward.stream(80)
            await stream.send(b"hello")
            assert await exactly(stream, 5) == b"HELLO"
            await stream.close()
            await stream.close()
        await forward.close()
    assert server.paths == ["/api/v1/namespaces/ns/pods/p/portforward"]
    assert server.offered == [PROTOCOL]
    error, data = server.opened[:2]
    assert error == {"streamtype": "error", "port": "80", "requestid": "0", "fin": "True"}
    assert data == {"streamtype": "data", "port": "80", "requestid": "0", "fin": "False"}
    assert server.opened[2]["requestid"] == "1"


async def test_more_than_the_reader_takes_at_once(session_at: SessionAt) -> None:
    with echo_port() as port, pod_server({80: port}) as server:
        forward = PodForward(session_at(server.url).rest, "ns", "p")
        stream = await forward.stream(80)
        await stream.send(b"x" * 300_000)
        assert await exactly(stream, 300_000) == b"X" * 300_000
        await forward.close()


async def test_what_the_node_says_is_passed_on(session_at: SessionAt) -> None:
    with pod_server({}) as server:
        forward = PodForward(session_at(server.url).rest, "ns", "p")
        stream = await forward.stream(81)
        with pytest.raises(StreamError, match="forwarding to port 81: refused"):
            await stream.receive()
        await forward.close()


async def test_a_broken_websocket_is_opened_anew(session_at: SessionAt) -> None:
    with echo_port() as port, pod_server({80: port}) as server:
        forward = PodForward(session_at(server.url).rest, "ns", "p")
        stream = await forward.stream(80)
        await stream.send(b"a")
        assert await stream.receive() == b"A"
        server.drop()
        with pytest.raises(StreamError, match="lost"):
            await stream.receive()
        again = await forward.stream(80)
        await again.send(b"a")
        assert await again.receive() == b"A"
        await forward.close()
    assert len(server.paths) == 2


async def test_a_refusal(session_at: SessionAt) -> None:
    with pod_server({}) as server:
        server.refusal = (403, "pods are forbidden")
        forward = PodForward(session_at(server.url).rest, "ns", "p")
        with pytest.raises(Forbidden, match="pods are forbidden"):
            await forward.connect()
        await forward.close()
