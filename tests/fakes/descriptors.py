"""Streams of a process on real pipes, for commands that read and write descriptors."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.fakes.env import fake_env
from virtctl.cli.env import Env


@dataclass
class Piped:
    """``env`` with pipes: write its stdin at ``stdin``, read its stdout with ``read``."""

    env: Env
    stdin: int
    stdout: int

    def type(self, data: bytes) -> None:
        os.write(self.stdin, data)

    def end(self) -> None:
        os.close(self.stdin)
        self.stdin = -1

    def hang_up(self) -> None:
        """Nobody reads stdout any more."""
        os.close(self.stdout)
        self.stdout = -1

    def read(self) -> bytes:
        """All that was written so far."""
        os.set_blocking(self.stdout, False)
        try:
            return os.read(self.stdout, 1 << 20)
        except BlockingIOError:
            return b""


@contextmanager
def piped() -> Iterator[Piped]:
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    env = fake_env()
    env.stdin = io.TextIOWrapper(io.FileIO(in_read))
    env.stdout = io.TextIOWrapper(io.FileIO(out_write, "w"), write_through=True)
    found = Piped(env, in_write, out_read)
    try:
        yield found
    finally:
        env.stdin.close()
        with suppress(BrokenPipeError):
            env.stdout.close()
        for descriptor in (found.stdin, found.stdout):
            if descriptor >= 0:
                os.close(descriptor)
