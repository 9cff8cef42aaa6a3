"""``Env``: everything of the process that a test swaps: streams, environment, clock, children."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TextIO


class Finished(NamedTuple):
    """A child that ended; a negative code is a signal, as the operating system reports it."""

    code: int
    stdout: bytes
    stderr: bytes


class Processes(Protocol):
    """How children are started."""

    def which(self, program: str) -> str | None:
        """Full path of ``program``, or None."""

    def capture(
        self, argv: Sequence[str], environ: Mapping[str, str], stdin: bytes | None = None
    ) -> Finished:
        """Run to the end with its output caught; without ``stdin`` it inherits ours.

        Raises OSError when it cannot be started.
        """

    def attach(self, argv: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run to the end on our own streams; returns its code, 128 + n for signal n."""

    def background(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start on no streams and do not look at it again. Raises OSError."""


class RealProcesses:
    """Children of the operating system."""

    def which(self, program: str) -> str | None:
        if os.name == "nt" or "/" in program:
            import shutil  # knows about endings; 3 ms

            return shutil.which(program)
        for directory in os.get_exec_path():
            path = os.path.join(directory, program)  # noqa: PTH118 - pathlib costs 3 ms
            if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113
                return path
        return None

    def capture(
        self, argv: Sequence[str], environ: Mapping[str, str], stdin: bytes | None = None
    ) -> Finished:
        import subprocess

        done = subprocess.run(  # noqa: S603 - argv is a list, never a shell line
            list(argv), env=dict(environ), input=stdin, capture_output=True, check=False
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def attach(self, argv: Sequence[str], environ: Mapping[str, str]) -> int:
        import signal
        import subprocess

        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            child = subprocess.Popen(  # noqa: S603 - argv is a list, never a shell line
                list(argv),
                env=dict(environ),
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )
            code = child.wait()
        finally:
            signal.signal(signal.SIGINT, before)
        return 128 - code if code < 0 else code

    def background(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        import subprocess

        nowhere = subprocess.DEVNULL
        child = subprocess.Popen(  # noqa: S603 - argv is a list, never a shell line
            list(argv),
            env=dict(environ),
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
        )
        child.returncode = 0  # it outlives us: nobody shall warn that it was not waited for


class Env:
    """One process's surroundings. ``program`` is the name that users called us by."""

    def __init__(  # noqa: PLR0913 - each is one thing that a test swaps
        self,
        *,
        environ: Mapping[str, str],
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        cwd: str,
        program: str = "virtctl",
        argv0: str = "virtctl",
        processes: Processes | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.environ = environ
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.cwd = cwd
        self.program = program
        self.argv0 = argv0
        self.processes: Processes = processes or RealProcesses()
        self.now = now
        self.monotonic = monotonic
        self.sleep = sleep
        self.random = random

    @property
    def home(self) -> str:
        """The user's directory; empty when unknown."""
        return self.environ.get("HOME") or self.environ.get("USERPROFILE", "")

    @property
    def self_argv(self) -> tuple[str, ...]:
        """How a child calls us again, from any directory."""
        if not self.argv0 or self.argv0.endswith("__main__.py"):
            return (sys.executable, "-m", "virtctl")
        found = self.argv0 if "/" in self.argv0 else self.processes.which(self.argv0)
        return (self.path(found or self.argv0),)

    def path(self, name: str) -> str:
        """``name`` made absolute, with ``~`` replaced."""
        if name == "~" or name.startswith("~/"):
            name = self.home + name[1:]
        return os.path.normpath(os.path.join(self.cwd, name))  # noqa: PTH118 - pathlib costs 3 ms

    def is_tty(self, stream: TextIO) -> bool:
        """Whether ``stream`` is a terminal."""
        try:
            return stream.isatty()
        except ValueError:
            return False


def process_env() -> Env:
    """The surroundings of this very process."""
    return Env(
        environ=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        cwd=os.getcwd(),  # noqa: PTH109 - pathlib costs 3 ms
        program=program_name(sys.argv[0]),
        argv0=sys.argv[0],
    )


def program_name(argv0: str) -> str:
    """``kubectl virt`` for a plugin called ``kubectl-virt``, else ``virtctl``."""
    base = argv0.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{base[:-5]} virt" if base.endswith("-virt") else "virtctl"
