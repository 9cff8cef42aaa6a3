"""The daemon of the CNI's DHCP plugin: it keeps the leases of a node's pods alive.

Each node has one of its own while it is needed. It outlives whoever started it, as the leases must;
``dhcp.pid`` in the node's CNI directory says which process it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from launcher.errors import HostError
from launcher.net.nodes import HostNode
from launcher.net.secondary import DHCP_SOCKET
from launcher.system import cni, files, process

_READY = 60.0  # seconds
_ENDED = 5.0


def ensure(node: HostNode, home: Path, directories: Sequence[Path] = cni.DIRECTORIES) -> None:
    """Start the daemon unless it runs, and wait until it listens. Raises ``HostError``."""
    note = home / "dhcp.pid"
    if _running(note) is not None:
        return
    program = cni.find("dhcp", directories)
    files.make_directory(home)
    log = home / "dhcp.log"
    child = process.spawn(
        [program, "daemon", "-socketpath", DHCP_SOCKET, "-timeout", "10s"],
        log=log,
        netns=node.netns,
    )
    files.write(note, f"{child.pid} {process.start_time(child.pid)}")
    deadline = time.monotonic() + _READY
    while not _listens(child.pid):
        ended = child.poll()
        if ended is not None or time.monotonic() > deadline:
            child.kill()
            files.remove(note)
            said = log.read_text(errors="replace").strip().splitlines()
            why = said[-1] if said else "it said nothing"
            raise HostError(f"the daemon of the CNI plugin `dhcp` did not start: {why}")
        time.sleep(0.01)


def stop(home: Path) -> None:
    """End the daemon; one that does not run is fine."""
    note = home / "dhcp.pid"
    pid = _running(note)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            _await_end(note, pid)
    files.remove(note)


def _await_end(note: Path, pid: int) -> None:
    deadline = time.monotonic() + _ENDED
    while _running(note) is not None:
        with contextlib.suppress(ChildProcessError):  # somebody else's child
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _running(note: Path) -> int | None:
    """The daemon's pid, if the process that was noted still runs."""
    try:
        pid, started = (int(word) for word in note.read_text().split())
    except (FileNotFoundError, ValueError):
        return None
    return pid if process.start_time(pid) == started else None


def _listens(pid: int) -> bool:
    """Whether the socket's name is in use in the daemon's network namespace (proc(5), unix)."""
    try:
        return any(
            line.endswith(f" {DHCP_SOCKET}")
            for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()
        )
    except OSError:
        return False
