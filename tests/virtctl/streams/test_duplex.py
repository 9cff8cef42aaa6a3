import asyncio

from virtctl.streams.duplex import Duplex


class Held:
    """A stream of what it was given."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = [*chunks, b""]
        self.sent: list[bytes] = []

    async def receive(self) -> bytes:
        return self.chunks.pop(0)

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self) -> None:
        return


def test_any_object_of_that_shape_will_do() -> None:
    stream: Duplex = Held(b"a")
    assert asyncio.run(stream.receive()) == b"a"  # type: ignore[arg-type]
