"""Programs that go on when we end: kept by name in a directory, found again and started again.

``processes.json`` there says which process each one is, with its start time, so that an id that was
given to another process is not taken for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.system import files, process

_TICK = 0.005
_END_SECONDS = 5.0


class _Process(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    started: int


@dataclass(frozen=True)
class Daemon:
    """A program. ``ready`` is a socket that it makes; ``clear`` are files to remove before."""

    name: str
    argv: tuple[str, ...]
    ready: Path | None = None
    clear: tuple[Path, ...] = ()


def ensure(
    directory: Path,
    daemon: Daemon,
    *,
    netns: str | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 120.0,
) -> bool:
    """Start a program unless it runs, and wait until it listens; whether it was started.

    Call it with the directory locked. Raises ``HostError`` with the program's last words.
    """
    known = _read(directory)
    if _runs(known.get(daemon.name)):
        return False
    for path in (*daemon.clear, *((daemon.ready,) if daemon.ready else ())):
        path.unlink(missing_ok=True)
    log = directory / f"{daemon.name}.out"
    child = process.spawn(daemon.argv, log=log, netns=netns, env=env)
    started = process.start_time(child.pid)
    known[daemon.name] = _Process(pid=child.pid, started=started or 0)
    files.write(directory / "processes.json", msgspec.json.encode(known))
    deadline = time.monotonic() + seconds
    while daemon.ready is not None and not daemon.ready.exists():
        if not _runs(known[daemon.name]) or time.monotonic() > deadline:
            raise HostError(f"`{daemon.name}` did not start: {_last_words(log)}")
        time.sleep(_TICK)
    return True


def running(directory: Path) -> dict[str, int]:
    """The programs that run, with their process ids."""
    return {name: one.pid for name, one in _read(directory).items() if _runs(one)}


def stop(directory: Path, names: Sequence[str] = ()) -> None:
    """End programs, those of these names or all, last ones first; what does not run is fine."""
    known = _read(directory)
    for name in reversed(names or list(known)):
        _end(known.get(name))


def _runs(known: _Process | None) -> bool:
    return known is not None and process.start_time(known.pid) == known.started


def _end(known: _Process | None) -> None:
    if known is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _runs(known):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(known.pid, number)
        deadline = time.monotonic() + _END_SECONDS
        while _runs(known) and time.monotonic() < deadline:
            time.sleep(_TICK)
    with contextlib.suppress(ChildProcessError):  # somebody else's child
        os.waitpid(known.pid, os.WNOHANG)


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        if told := log.read_text(errors="replace").strip().splitlines():
            return told[-1]
    return "it said nothing"


def _read(directory: Path) -> dict[str, _Process]:
    try:
        return msgspec.json.decode(
            (directory / "processes.json").read_bytes(), type=dict[str, _Process]
        )
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return {}
