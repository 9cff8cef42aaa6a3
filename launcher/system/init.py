"""The first process of a pod, and how it comes to be.

``launcher run DIR`` reads ``run.json``, enters the pod's network namespace, makes the other
namespaces, forks and ends. The child is process 1 of the pod: it puts the mounts together, starts
the launcher proper as its own child, hands signals on to it, reaps whatever becomes an orphan
(QEMU, above all: libvirt waits for it to vanish), and ends when the launcher proper ends. The
kernel kills all processes of a pid namespace when its process 1 ends, so whichever of the two dies,
and however, nothing of the machine survives.

Imports are few: this process stays for the machine's whole life.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from launcher.errors import HostError
from launcher.system import capabilities, mounts, namespaces

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
_NAMES = {"init": "launcher-init", "machine": "virt-launcher"}


def main(root: Path) -> int:
    """Start the pod of the machine in ``root`` and return; the exit code.

    The pod's first process waits until its id is on disk, so there is never a pod that nobody
    could find.
    """
    try:
        run = json.loads((root / "run.json").read_bytes())
        namespaces.enter(Path(run["netns"]))
        mounts.unshare(mounts.NEW_MOUNTS | mounts.NEW_HOSTNAME | mounts.NEW_IPC | mounts.NEW_PIDS)
        for group in run.get("groups", ()):
            Path(group, "cgroup.procs").write_text("0")  # the writer itself
        gate, key = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(key)
            if not os.read(gate, 1):
                os._exit(1)
            os.close(gate)
            os._exit(_guarded(run))
        _write_pid(Path(run["pid_file"]), child)
        os.write(key, b"\n")
    except (OSError, HostError, KeyError, ValueError) as error:
        sys.stderr.write(f"cannot start the pod: {error}\n")
        return 1
    return 0


def _guarded(run: dict[str, str]) -> int:
    try:
        return _first_process(run)
    except BaseException as error:  # noqa: BLE001 - a forked child must not run its parent's code
        sys.stderr.write(f"cannot set up the pod: {error}\n")
        sys.stderr.flush()
        return 1


def _first_process(run: dict[str, str]) -> int:
    _name_process("init")
    mounts.set_hostname(run["hostname"])
    binds = [(bind[0], bind[1], bool(bind[2])) for bind in run["binds"]]
    mounts.assemble(binds, owner=int(run.get("qemu_user", 0)))
    _allow_files()
    capabilities.keep_only(capabilities.LAUNCHER)
    os.chdir("/")
    child = os.fork()
    if child == 0:
        _name_process("machine")
        from launcher.system import proper

        return proper.main()
    for number in FORWARDED:
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    return reap_until(child)


def _allow_files() -> None:
    """Let programs in the pod open as many files as a container's may: passt takes one a port.

    Where that is not ours to do, machines that need it are refused when they are prepared.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        most = int(Path("/proc/sys/fs/nr_open").read_text())
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def reap_until(child: int) -> int:
    """Reap every orphan until ``child`` ends; its exit code, 128 and the number for a signal."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _write_pid(path: Path, pid: int) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(f"{pid} {_start_time(pid)}\n")
    draft.replace(path)


def _start_time(pid: int) -> int:
    """Clock ticks since boot at which a process started: with the pid, its name for good."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def _name_process(role: str) -> None:
    Path("/proc/self/comm").write_text(_NAMES[role])
