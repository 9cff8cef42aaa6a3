import asyncio
import socket

import pytest

from virtctl.errors import StreamError
from virtctl.local.node.streams import SocketStream, dial_inside, dial_tcp, dial_udp


async def echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def port():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_bytes_go_both_ways(port):
    stream = await dial_tcp("127.0.0.1", port, 5)
    await stream.send(b"hello")
    assert await stream.receive() == b"hello"
    await stream.close()
    await stream.close()


async def test_closing_ends_a_reader(port):
    stream = await dial_tcp("127.0.0.1", port, 5)
    waiting = asyncio.create_task(stream.receive())
    await asyncio.sleep(0.01)
    await stream.close()
    assert await waiting == b""


async def test_the_other_sides_end_is_an_empty_chunk():
    async def hang_up(reader, writer):
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    stream = SocketStream(reader, writer)
    assert await stream.receive() == b""
    await stream.close()
    server.close()
    await server.wait_closed()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data.upper(), addr)


async def test_datagrams_keep_their_bounds():
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    stream = await dial_udp("127.0.0.1", server.get_extra_info("sockname")[1])
    await stream.send(b"one")
    await stream.send(b"two")
    assert [await stream.receive(), await stream.receive()] == [b"ONE", b"TWO"]
    await stream.close()
    assert await stream.receive() == b""
    server.close()
    await asyncio.sleep(0.01)


async def test_a_closed_udp_port_breaks_the_stream():
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stream = await dial_udp("127.0.0.1", port)
    await stream.send(b"anybody?")
    with pytest.raises(StreamError):
        await stream.receive()
    await stream.close()


async def test_dialing_inside_can_finish_one_direction(port):
    stream = await dial_inside(socket.socket(), port, 5)
    await stream.send(b"hello")
    assert await stream.receive() == b"hello"
    await stream.finish()
    assert await stream.receive() == b""
    await stream.close()
    await stream.finish()


async def test_dialing_inside_closes_what_it_cannot_connect():
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    made = socket.socket()
    with pytest.raises(ConnectionRefusedError):
        await dial_inside(made, free, 5)
    assert made.fileno() == -1
