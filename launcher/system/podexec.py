"""Programs run in a pod: in its namespaces, on a terminal or on pipes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Sequence
from contextlib import suppress

from launcher.errors import HostError
from launcher.system import process

STDOUT, STDERR = 1, 2
_CHUNK = 65536
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class PodProcess:
    """A program running in a pod. Made by ``spawn``."""

    def __init__(
        self, child: asyncio.subprocess.Process, outputs: Sequence[tuple[int, asyncio.StreamReader]]
    ) -> None:
        self._child = child
        self._terminal: int | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._outputs = {
            asyncio.ensure_future(reader.read(_CHUNK)): (stream, reader)
            for stream, reader in outputs
        }

    async def read(self) -> tuple[int, bytes]:
        """The next output: 1 (stdout) or 2 (stderr) with data; empty data once all have ended."""
        while self._outputs:
            done, _ = await asyncio.wait(self._outputs, return_when=asyncio.FIRST_COMPLETED)
            task = done.pop()
            stream, reader = self._outputs.pop(task)
            data = task.result()
            if data:
                self._outputs[asyncio.ensure_future(reader.read(_CHUNK))] = stream, reader
                return stream, data
        return STDOUT, b""

    async def write(self, data: bytes) -> None:
        """Feed stdin; empty data closes it (on a terminal: sends end of file)."""
        if self._terminal is not None:
            with suppress(OSError):
                await asyncio.to_thread(_write_all, self._terminal, data or b"\x04")
            return
        pipe = self._child.stdin
        if pipe is None or pipe.is_closing():
            return
        if not data:
            pipe.close()
            return
        with suppress(ConnectionError):
            pipe.write(data)
            await pipe.drain()

    async def resize(self, columns: int, rows: int) -> None:
        """Set the terminal's size; without a terminal nothing happens."""
        if self._terminal is not None:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            with suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    async def wait(self) -> int:
        """The exit code; 128 and the number for a signal."""
        code = await self._child.wait()
        return code if code >= 0 else 128 - code

    async def kill(self) -> None:
        """End the program and whatever it started, and free its streams; may be called twice."""
        # nsenter is its own process group's leader; what runs in the pod is of the same group.
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        for task in self._outputs:
            task.cancel()
        self._outputs = {}
        if self._child.stdin:
            self._child.stdin.close()
        if self._transport:
            self._transport.close()
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
        await self._child.wait()

    def hold_terminal(self, fd: int, transport: asyncio.BaseTransport) -> None:
        """Use the master side of a terminal for input and size; it is closed by ``kill``."""
        self._terminal, self._transport = fd, transport


async def spawn(pid: int, argv: Sequence[str], *, tty: bool, stdin: bool) -> PodProcess:
    """Start a program in all namespaces of the pod whose first process is ``pid``.

    Raises ``HostError`` when nsenter is missing; a program that the pod does not have makes nsenter
    end with 127, as a shell would.
    """
    nsenter = str(process.find("nsenter"))
    words = [nsenter, f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--", *argv]
    try:
        return await start(words, environment(tty=tty), tty=tty, stdin=stdin)
    except OSError as error:
        raise HostError(f"`{argv[0]}` cannot be run in the pod: {error.strerror}") from error


def environment(*, tty: bool) -> dict[str, str]:
    """What programs in a pod find in their environment."""
    return {"PATH": _PATH, "HOME": "/root", "TERM": "xterm" if tty else "dumb"}


async def start(words: Sequence[str], env: dict[str, str], *, tty: bool, stdin: bool) -> PodProcess:
    """Start ``words`` where we are. Raises ``OSError``."""
    return await (_on_terminal(words, env) if tty else _on_pipes(words, env, stdin=stdin))


async def _on_pipes(words: Sequence[str], env: dict[str, str], *, stdin: bool) -> PodProcess:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *words,
        stdin=pipe if stdin else asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        env=env,
        start_new_session=True,
    )
    outputs = [(STDOUT, child.stdout), (STDERR, child.stderr)]
    return PodProcess(child, [(number, reader) for number, reader in outputs if reader])


async def _on_terminal(words: Sequence[str], env: dict[str, str]) -> PodProcess:
    master, slave = os.openpty()
    # setsid becomes the leader of a session and makes stdin its terminal, then becomes nsenter.
    child = await asyncio.create_subprocess_exec(
        str(process.find("setsid")),
        "--ctty",
        *words,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
    )
    os.close(slave)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: _Screen(reader), os.fdopen(os.dup(master), "rb", buffering=0)
    )
    running = PodProcess(child, [(STDOUT, reader)])
    running.hold_terminal(master, transport)
    return running


class _Screen(asyncio.StreamReaderProtocol):
    """What a terminal shows. Once its last user has gone it reads EIO, which is its end here."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - not passed on
        # an error would be raised before what is still to be read
        super().connection_lost(None)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
