"""One daemon process of an instance: its identity on disk, its configuration, its end.

A process is known by its id *and* its start time (``/proc/<pid>/stat`` field 22), so that a reused
id is never taken for a daemon, nor killed as one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from virtctl.errors import LocalError, UsageError
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout

STOP_SECONDS = 20.0
_BLOCK = 65536


@dataclass(frozen=True)
class DaemonProcess:
    """A living daemon. ``started`` is in clock ticks after boot, as the kernel tells it."""

    pid: int
    started: int
    version: str
    since: float  # Unix time


def start_time(pid: int) -> int | None:
    """When ``pid`` started, in clock ticks after boot; None when it is not there or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name is in parentheses and may hold anything, blanks and ")" included.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def find(layout: InstanceLayout) -> DaemonProcess | None:
    """The daemon of an instance, or None when none lives."""
    try:
        noted = json.loads(layout.pid.read_text())
        found = DaemonProcess(noted["pid"], noted["started"], noted["version"], noted["since"])
    except (OSError, ValueError, KeyError):
        return None
    return found if start_time(found.pid) == found.started else None


def write_identity(layout: InstanceLayout, version: str) -> None:
    """Note the calling process as the instance's daemon."""
    pid = os.getpid()
    noted = {"pid": pid, "started": start_time(pid), "version": version, "since": time.time()}
    scratch = layout.pid.with_suffix(".new")
    scratch.write_text(json.dumps(noted))
    scratch.replace(layout.pid)


def read_config(layout: InstanceLayout) -> LocalConfig | None:
    """What the instance was made with; None when there is no instance.

    Raises ``LocalError`` when the file is damaged, or somebody else's: it has a common name.
    """
    try:
        data = layout.config.read_bytes()
        found = msgspec.json.decode(data, type=LocalConfig)
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise LocalError(
            f"`{layout.config}` cannot be read: {error}",
            "remove the instance with `virtctl local down --delete`",
        ) from error
    if not {"listen", "nodeNames"} <= fields.keys():
        raise LocalError(
            f"`{layout.config}` is not the configuration of an instance",
            "name the right directory with `--dir`",
        )
    return found


def write_config(layout: InstanceLayout, config: LocalConfig) -> None:
    """Keep the configuration for the daemon and for restarts."""
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    scratch = layout.config.with_suffix(".new")
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2))
    scratch.replace(layout.config)


def check_listen(listen: str) -> None:
    """Refuse an address that cannot be listened on, before anything is made."""
    host, port = split_address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalError(
                f"cannot listen on `{listen}`: {os.strerror(error.errno or 0).lower()}",
                "choose another address with `--listen`, e.g. `--listen 127.0.0.1:7443`",
            ) from error


def split_address(listen: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[HOST]:PORT`` in parts."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(
            f"`--listen` must be HOST:PORT with a port from 1 to 65535; got `{listen}`"
        )
    return host.strip("[]"), int(port)


def stop(layout: InstanceLayout, *, seconds: float = STOP_SECONDS) -> bool:
    """End the daemon; guests go on. False when there was none. Kills it when it does not obey."""
    found = find(layout)
    if found is None:
        layout.pid.unlink(missing_ok=True)
        return False
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        if _gone(found, patience):
            break
    layout.pid.unlink(missing_ok=True)
    return True


def _gone(process: DaemonProcess, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while start_time(process.pid) == process.started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def last_lines(path: Path, count: int) -> list[str]:
    """The last ``count`` lines of a file; none when it is not there."""
    try:
        with path.open("rb") as file:
            return _tail_of(file, count)
    except OSError:
        return []


def _tail_of(file: BinaryIO, count: int) -> list[str]:
    """Read from the end, as much as is needed."""
    start = file.seek(0, os.SEEK_END)
    held = b""
    while start and held.count(b"\n") <= count:
        step = min(start, _BLOCK)
        start -= step
        file.seek(start)
        held = file.read(step) + held
    return held.decode(errors="replace").splitlines()[-count:] if count else []
