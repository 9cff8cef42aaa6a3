import struct

from virtctl.output.networks.frames import counted

HEAD = b"h" * 24


def frame(size: int) -> bytes:
    return struct.pack("<IIII", 0, 0, size, size) + b"f" * size


def test_whole_frames_whatever_the_chunks() -> None:
    stream = HEAD + frame(10) + frame(20) + frame(30)
    for size in (1, 7, 1000):
        chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert b"".join(counted(chunks, 2)) == HEAD + frame(10) + frame(20)
    assert b"".join(counted([stream[:-1]], 9)) == HEAD + frame(10) + frame(20)
