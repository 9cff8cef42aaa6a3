"""``make bench``: how fast ``port-forward`` moves bytes, against the same sockets under uvloop.

A process that writes (or reads) websocket frames as fast as the kernel takes them stands in for the
API server. Three relays lead to it in turn, each in a process of its own: ``virtctl port-forward``,
the same program driven by uvloop, and uvloop with a bare protocol that only copies bytes to a
server without websockets. Prints one line a figure; exit code 1 when a goal is missed.
"""

from __future__ import annotations

import hashlib
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHUNK = 1 << 16
TOTAL = 64 << 20
RUNS = 5
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VIRTCTL = [sys.executable, "-m", "virtctl"]
UNDER_UVLOOP = [
    sys.executable, "-c",
    "import sys, uvloop; uvloop.install(); from virtctl.__main__ import main; main()",
]  # fmt: skip
BARE = """
import asyncio, json, sys, uvloop
class End(asyncio.Protocol):
    other = None
    early = b""
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        if self.other: self.other.transport.write(data)
        else: self.early += data
    def connection_lost(self, error): self.other and self.other.transport.close()
    def pause_writing(self): self.other.transport.pause_reading()
    def resume_writing(self): self.other.transport.resume_reading()
class Near(End):
    def connection_made(self, transport):
        super().connection_made(transport)
        transport.pause_reading()
        asyncio.get_running_loop().create_task(self.dial())
    async def dial(self):
        loop = asyncio.get_running_loop()
        _, self.other = await loop.create_connection(End, "127.0.0.1", int(sys.argv[1]))
        self.other.other = self
        self.other.transport.write(self.early)
        self.transport.resume_reading()
async def main():
    server = await asyncio.get_running_loop().create_server(Near, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Event().wait()
uvloop.run(main())
"""


def serve(listener: socket.socket, *, frames: bool) -> None:
    """The other end: answers `down` with TOTAL bytes, counts TOTAL bytes after `up`."""
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if frames:
                shake_hands(connection)
            wanted = word(connection, frames=frames)
            if wanted == b"down":
                head = b"\x82\x7f" + CHUNK.to_bytes(8, "big") if frames else b""
                piece = head + bytes(CHUNK)
                for _ in range(TOTAL // CHUNK):
                    connection.sendall(piece)
                connection.recv(1)
                continue
            connection.sendall(b"\x82\x02go" if frames else b"go")
            # headers of frames are a few bytes in ten thousands: they end it a little early
            left, space = TOTAL, bytearray(1 << 20)
            while left > 0:
                taken = connection.recv_into(space)
                if not taken:
                    break
                left -= taken
            connection.sendall(b"\x82\x02ok" if frames else b"ok")
            connection.settimeout(5)
            while connection.recv_into(space):
                pass


def shake_hands(connection: socket.socket) -> None:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(4096)
    fields = dict(
        line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line
    )
    key = {name.lower(): value for name, value in fields.items()}["sec-websocket-key"]
    accept = b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    connection.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: plain.kubevirt.io\r\n\r\n"
        .encode()
    )  # fmt: skip


def word(connection: socket.socket, *, frames: bool) -> bytes:
    """The first word that the client says."""
    if not frames:
        return connection.recv(4)
    head = connection.recv(6)
    data = connection.recv(head[1] & 0x7F)
    return bytes(byte ^ head[2 + index % 4] for index, byte in enumerate(data))


@contextmanager
def far_end(*, frames: bool) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    program = (
        "import socket, sys; sys.path.insert(0, sys.argv[2]); import forward;"
        "forward.serve(socket.socket(fileno=int(sys.argv[1])), frames=sys.argv[3] == 'frames')"
    )
    argv = [
        sys.executable, "-c", program, str(listener.fileno()), str(Path(__file__).parent),
        "frames" if frames else "bytes",
    ]  # fmt: skip
    with subprocess.Popen(argv, pass_fds=[listener.fileno()]) as process:
        try:
            yield listener.getsockname()[1]
        finally:
            process.kill()
            listener.close()


@contextmanager
def relay(argv: list[str]) -> Iterator[int]:
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def move(port: int, way: str) -> float:
    """MiB a second through a relay at ``port``."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"down" if way == "down" else b"up  ")
        if way == "up" and connection.recv(2) != b"go":
            sys.exit("the relay does not reach the other end")
        started = time.perf_counter()
        if way == "down":
            left, space = TOTAL, bytearray(1 << 20)
            while left > 0:
                left -= connection.recv_into(space)
        else:
            piece = bytes(CHUNK)
            pusher = threading.Thread(
                target=lambda: [connection.sendall(piece) for _ in range(TOTAL // CHUNK)]
            )
            pusher.start()
            if connection.recv(2) != b"ok":
                sys.exit("the relay ended before the bytes did")
            pusher.join()
        return TOTAL / (1 << 20) / (time.perf_counter() - started)


def main() -> None:
    missed = False
    with far_end(frames=True) as framed, far_end(frames=False) as bare:
        words = [f"--server=http://127.0.0.1:{framed}", "port-forward", "vm/web", ":80", "-o=json"]
        relays = {
            "port-forward": [*VIRTCTL, *words],
            "the same under uvloop": [*UNDER_UVLOOP, *words],
            "uvloop, bytes copied without websocket": [sys.executable, "-c", BARE, str(bare)],
        }
        for way in ("down", "up"):
            speeds: dict[str, list[float]] = {name: [] for name in relays}
            for _ in range(RUNS):
                for name, argv in relays.items():
                    with relay(argv) as port:
                        speeds[name].append(move(port, way))
            medians = {name: statistics.median(found) for name, found in speeds.items()}
            for name, speed in medians.items():
                sys.stdout.write(f"{f'{way}: {name}':52} {speed:8.0f} MiB/s\n")
            ours, theirs, *_ = medians.values()
            ratio = ours / theirs
            missed = missed or ratio < 0.9
            sys.stdout.write(f"{f'{way}: ratio':52} {ratio:8.2f} x  (goal: at least 0.9)\n")
            sys.stdout.flush()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
