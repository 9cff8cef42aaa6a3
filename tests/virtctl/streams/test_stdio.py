import asyncio
import os
from pathlib import Path

import pytest

from virtctl.streams.stdio import DescriptorDuplex, reader_gone


@pytest.fixture
def pipes() -> tuple[int, int, int, int]:
    """Input (read, write) and output (read, write)."""
    return (*os.pipe(), *os.pipe())


def close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


async def test_pipes(pipes: tuple[int, int, int, int]) -> None:
    in_read, in_write, out_read, out_write = pipes
    stream = DescriptorDuplex(in_read, out_write)
    os.write(in_write, b"hello")
    assert await stream.receive() == b"hello"
    os.close(in_write)
    assert await stream.receive() == b""
    await stream.send(b"bye")
    assert os.read(out_read, 10) == b"bye"
    assert not os.get_blocking(out_write)
    await stream.close()
    await stream.close()
    assert os.get_blocking(out_write)
    close(in_read, out_read, out_write)


async def test_a_slow_reader_makes_the_writer_wait(pipes: tuple[int, int, int, int]) -> None:
    in_read, _, out_read, out_write = pipes
    stream = DescriptorDuplex(in_read, out_write)
    data = os.urandom(300_000)
    task = asyncio.create_task(stream.send(data))
    got = b""
    while len(got) < len(data):
        await asyncio.sleep(0.001)
        got += os.read(out_read, 65536)
    await task
    assert got == data
    await stream.close()
    close(*pipes)


async def test_a_gone_reader(pipes: tuple[int, int, int, int]) -> None:
    in_read, in_write, out_read, out_write = pipes
    gone = asyncio.create_task(reader_gone(out_write))
    await asyncio.sleep(0.01)
    assert not gone.done()
    os.close(out_read)
    await asyncio.wait_for(gone, 60)
    stream = DescriptorDuplex(in_read, out_write)
    with pytest.raises(BrokenPipeError):
        await stream.send(b"x")
    await stream.close()
    close(in_read, in_write, out_write)


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"data")
    source = os.open(tmp_path / "in", os.O_RDONLY)
    sink = os.open(os.devnull, os.O_WRONLY)
    stream = DescriptorDuplex(source, sink)
    assert [await stream.receive(), await stream.receive()] == [b"data", b""]
    task = asyncio.create_task(reader_gone(sink))
    await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    close(source, sink)
