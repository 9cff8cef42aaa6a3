"""Programs that go on when we end: kept by name in a directory, found again and started again.

``processes.json`` there says which process each one is, with its start time, so that an id that was
given to another process is not taken for it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.system import files, lasting, process
from launcher.system.lasting import Lasting

_TICK = 0.005
_END_SECONDS = 5.0


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
    if lasting.runs(known.get(daemon.name)):
        return False
    for path in (*daemon.clear, *((daemon.ready,) if daemon.ready else ())):
        path.unlink(missing_ok=True)
    log = directory / f"{daemon.name}.out"
    child = process.spawn(daemon.argv, log=log, netns=netns, env=env)
    known[daemon.name] = lasting.note(child.pid)
    files.write(directory / "processes.json", msgspec.json.encode(known))
    deadline = time.monotonic() + seconds
    while daemon.ready is not None and not daemon.ready.exists():
        if not lasting.runs(known[daemon.name]) or time.monotonic() > deadline:
            raise HostError(f"`{daemon.name}` did not start: {_last_words(log)}")
        time.sleep(_TICK)
    return True


def running(directory: Path) -> dict[str, int]:
    """The programs that run, with their process ids."""
    return {name: one.pid for name, one in _read(directory).items() if lasting.runs(one)}


def stop(directory: Path, names: Sequence[str] = ()) -> None:
    """End programs, those of these names or all, last ones first; what does not run is fine."""
    known = _read(directory)
    for name in reversed(names or list(known)):
        lasting.end(known.get(name), _END_SECONDS)


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        if told := log.read_text(errors="replace").strip().splitlines():
            return told[-1]
    return "it said nothing"


def _read(directory: Path) -> dict[str, Lasting]:
    try:
        return msgspec.json.decode(
            (directory / "processes.json").read_bytes(), type=dict[str, Lasting]
        )
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return {}
