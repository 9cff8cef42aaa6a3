import json

import pytest

from virtctl.errors import StreamError
from virtctl.streams.channels import ChannelDuplex
from virtctl.wire.channels import Channel, TerminalSize, build_frame, exit_status


class Socket:
    """Messages in turn; keeps what was sent."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = list(messages)
        self.sent: list[bytes] = []
        self.closed = False

    async def receive(self) -> bytes:
        return self.messages.pop(0) if self.messages else b""

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self) -> None:
        self.closed = True


def ended(code: int) -> bytes:
    return build_frame(Channel.ERROR, json.dumps(exit_status(code)).encode())


async def test_output_and_the_end() -> None:
    out, err = build_frame(Channel.STDOUT, b"a"), build_frame(Channel.STDERR, b"b")
    stream = ChannelDuplex(Socket(out, b"\x09?", build_frame(Channel.STDOUT, b""), err, ended(3)))
    assert [await stream.receive() for _ in range(3)] == [b"a", b"b", b""]
    assert stream.code == 3


async def test_a_stream_that_ends_without_a_code() -> None:
    stream = ChannelDuplex(Socket())
    assert await stream.receive() == b""
    assert stream.code is None


@pytest.mark.parametrize(
    ("said", "message"),
    [(b"no such container", "no such container"), (b'{"status":"Failure","message":"m"}', "m")],
)
async def test_what_could_not_be_run(said: bytes, message: str) -> None:
    stream = ChannelDuplex(Socket(build_frame(Channel.ERROR, said)))
    with pytest.raises(StreamError, match=message):
        await stream.receive()


async def test_input_and_size() -> None:
    socket = Socket()
    stream = ChannelDuplex(socket)
    await stream.send(b"ls\n")
    await stream.resize(TerminalSize(80, 25))
    await stream.close()
    assert socket.sent == [b"\x00ls\n", b'\x04{"Width":80,"Height":25}']
    assert socket.closed
