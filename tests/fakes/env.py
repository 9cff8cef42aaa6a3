"""A process's surroundings that a test can look at: streams in memory, children on record."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from virtctl.cli.app import run
from virtctl.cli.env import Env, Finished
from virtctl.cli.session import Session


@dataclass
class FakeProcesses:
    """Children that do nothing but answer; what was started is in ``started``."""

    programs: tuple[str, ...] = ()
    code: int = 0
    output: bytes = b""
    started: list[list[str]] = field(default_factory=list)
    environs: list[dict[str, str]] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.programs else None

    def capture(
        self, argv: Sequence[str], environ: Mapping[str, str], stdin: bytes | None = None
    ) -> Finished:
        if argv[0].endswith("missing"):
            raise FileNotFoundError(2, "No such file or directory", argv[0])
        self._note(argv, environ)
        return Finished(self.code, self.output, b"")

    def attach(self, argv: Sequence[str], environ: Mapping[str, str]) -> int:
        self._note(argv, environ)
        return self.code

    def background(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._note(argv, environ)

    def _note(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.started.append(list(argv))
        self.environs.append(dict(environ))


class Ticking:
    """A clock that every sleep moves, and every look a little."""

    def __init__(self) -> None:
        self.time = 1_767_225_600.0

    def now(self) -> float:
        self.time += 0.001
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def fake_env(
    environ: Mapping[str, str] | None = None,
    *,
    stdin: str = "",
    cwd: str = "/nowhere",
    processes: FakeProcesses | None = None,
    random: Callable[[int], bytes] = lambda count: bytes(range(count)),
    program: str = "virtctl",
) -> Env:
    clock = Ticking()
    return Env(
        environ=environ or {},
        stdin=io.StringIO(stdin),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        cwd=cwd,
        program=program,
        argv0="/usr/bin/virtctl",
        processes=processes or FakeProcesses(),
        now=clock.now,
        monotonic=clock.now,
        sleep=clock.sleep,
        random=random,
    )


@dataclass(frozen=True)
class Ran:
    """A command line that has run."""

    code: int
    out: str
    err: str


def run_in(env: Env, *words: str) -> Ran:
    code = run(env, list(words))
    return Ran(code, env.stdout.getvalue(), env.stderr.getvalue())  # type: ignore[attr-defined]


class SessionAt(Protocol):
    """Makes sessions that are closed when the test ends (fixture ``session_at``)."""

    def __call__(self, server: str = ..., **flags: object) -> Session: ...


def virtctl(*words: str, server: str = "", **options: object) -> Ran:
    """Run a command line in fresh surroundings, against ``server`` when it is given."""
    before = [f"--server={server}"] if server else []
    return run_in(fake_env(**options), *before, *words)  # type: ignore[arg-type]
