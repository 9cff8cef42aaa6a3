"""The start of an instance's daemon, which loads its code while others look whether it may start.

Loading takes longer than the look at the host before: both are done at the same time, and what only
the look needs is loaded after the daemon was set off.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from virtctl.errors import LocalError, WaitTimeout
from virtctl.local.layout import InstanceLayout

if TYPE_CHECKING:
    from virtctl.local.daemon.process import DaemonProcess

READY_SECONDS = 180.0
LOG_TAIL_LINES = 15


@dataclass
class _Child:
    """A process that waits for its word; ``word`` and ``answer`` are our ends of pipes."""

    pid: int
    word: int
    answer: int


class Start:
    """Starts of the daemon of an instance, the first of which may be loaded before it is begun.

    A context manager: what was loaded and not begun ends with it.
    """

    def __init__(self, layout: InstanceLayout, environ: Mapping[str, str]) -> None:
        self._layout = layout
        self._environ = environ
        self._waiting: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            os.close(waiting.word)
            os.close(waiting.answer)
            _end(waiting.pid)

    def foresee(self) -> None:
        """Load it if it looks as if there were a start to come."""
        if os.geteuid() == 0 and not self._layout.pid.exists():
            self.load()

    def load(self) -> None:
        """Load it, if it is not; it does nothing until it is begun."""
        if self._waiting is None:
            self._waiting = self._load()

    def begin(self) -> DaemonProcess:
        """Let it run, detached; returns when its API answers and its nodes are Ready.

        Raises ``LocalError`` with the daemon's own reason when it gave one, and ``WaitTimeout``
        when it gave neither an answer nor a reason. May be called again when it failed.
        """
        import json

        from virtctl.local.daemon.process import find

        child, self._waiting = self._waiting or self._load(), None
        with contextlib.suppress(BrokenPipeError):  # it has ended, and so has its answer
            os.write(child.word, b"\n")
        os.close(child.word)
        with os.fdopen(child.answer, "rb", buffering=0) as pipe:
            try:
                answer = _await_line(pipe.fileno(), READY_SECONDS)
            except BaseException:  # Ctrl-C: nobody would wait for it any more
                _end(child.pid)
                raise
        if answer is None:
            _end(child.pid)
            reached = self._log_tail()
            raise WaitTimeout("the API server", READY_SECONDS, reached, "virtctl local logs")
        message = json.loads(answer) if answer else {}
        if not message.get("ready"):
            _reap(child.pid)
            reason = message.get("error") or f"the daemon ended: {self._log_tail()}"
            raise LocalError(reason, message.get("hint") or f"see `{self._layout.log}`")
        found = find(self._layout)
        if found is None:
            raise LocalError("the daemon said it was ready and ended", f"see `{self._layout.log}`")
        return found

    def _load(self) -> _Child:
        """A child that has everything but our ends of its pipes closed."""
        word_out, word_in = os.pipe()
        answer_out, answer_in = os.pipe()
        argv = [
            sys.executable, "-m", "virtctl.local.daemon", "--dir", str(self._layout.root),
            "--word-fd", str(word_out), "--ready-fd", str(answer_in),
        ]  # fmt: skip
        for descriptor in (word_out, answer_in):
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - its only form
        with Path("/dev/null").open("r+b") as null:
            actions = [(os.POSIX_SPAWN_DUP2, null.fileno(), number) for number in range(3)]
            pid = os.posix_spawn(
                sys.executable, argv, dict(self._environ), file_actions=actions, setsid=True
            )
        os.close(word_out)
        os.close(answer_in)
        return _Child(pid, word_in, answer_out)

    def _log_tail(self) -> str:
        from virtctl.local.daemon.process import last_lines

        return "its log ends with:\n" + "\n".join(last_lines(self._layout.log, LOG_TAIL_LINES))


def _await_line(descriptor: int, seconds: float) -> bytes | None:
    """What is written until the end of the pipe; None when nothing came in time."""
    import select

    deadline = time.monotonic() + seconds
    got = b""
    while b"\n" not in got:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return got
        got += chunk
    return got


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _reap(pid)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
