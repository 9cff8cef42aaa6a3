"""Machines, pods, streams and programs that are lists of bytes."""

import asyncio

from virtctl.errors import InternalError, StreamError


class FakeDuplex:
    """Sends ``chunks`` and then, when ``echo``, what it gets; ends on the word ``end``."""

    def __init__(self, *chunks: bytes, echo: bool = True) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self._echo = echo
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        for chunk in chunks:
            self._queue.put_nowait(chunk)

    async def receive(self) -> bytes:
        return await self._queue.get()

    async def send(self, data: bytes) -> None:
        if self.closed:
            raise StreamError("closed")
        self.sent.append(data)
        if data == b"end":
            self._queue.put_nowait(b"")
        elif self._echo:
            self._queue.put_nowait(data)

    async def close(self) -> None:
        self.closed = True


class FakePodStream(FakeDuplex):
    """Echoes until its client has finished, and then ends."""

    async def finish(self) -> None:
        self._queue.put_nowait(b"")


class FakeMachines:
    """Remembers what it was asked; ``answer`` is returned or raised."""

    def __init__(self, answer=None) -> None:
        self.answer = answer
        self.asked: list[tuple] = []
        self.duplex = FakeDuplex(b"hello")

    async def act(self, vmi, action, body):
        self.asked.append((vmi["metadata"]["name"], str(action), body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def console(self, vmi):
        self.asked.append(("console",))
        return self.duplex

    async def vnc(self, vmi, *, preserve_session):
        self.asked.append(("vnc", preserve_session))
        return self.duplex

    async def usbredir(self, vmi):
        self.asked.append(("usbredir",))
        return self.duplex

    async def screenshot(self, vmi):
        return b"\x89PNG"

    async def dial(self, vmi, port, protocol):
        self.asked.append(("dial", port, protocol))
        return self.duplex


class FakeProcess:
    """Says its command, echoes stdin until it is closed, and exits with ``code``."""

    def __init__(self, request, code: int) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.killed = False
        self._code = code
        self._queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._queue.put_nowait((1, " ".join(request.command).encode()))
        self._queue.put_nowait((2, b"oops"))
        if not request.stdin:
            self._queue.put_nowait((1, b""))

    async def read(self):
        return await self._queue.get()

    async def write(self, data: bytes) -> None:
        self._queue.put_nowait((1, data))

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def wait(self) -> int:
        return self._code

    async def kill(self) -> None:
        self.killed = True


class FakePods:
    """Programs exit with ``code``; logs have three lines."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.requests = []
        self.dialed = []
        self.process = None

    async def execute(self, pod, request):
        self.requests.append(request)
        self.process = FakeProcess(request, self.code)
        return self.process

    async def log(self, pod, container, *, follow, tail):
        lines = [f"{container} {number}\n".encode() for number in range(3)]
        for line in lines[-tail:] if tail else lines:
            yield line

    async def dial(self, pod, port):
        if port == 81:
            raise InternalError("failed to connect to localhost:81")
        self.dialed.append(FakePodStream(f"port {port}: ".encode()))
        return self.dialed[-1]

    async def network(self, pod, probes):
        asked = {"names": list(probes.names), "echoes": list(probes.echoes)}
        return {"node": pod["spec"]["nodeName"], "answers": list(probes.links), **asked}

    async def capture(self, pod, scope, link):
        yield b"pcap of "
        yield f"{scope} {link}".encode()
