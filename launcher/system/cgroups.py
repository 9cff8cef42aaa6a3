"""What a pod's processes may use of CPU and memory: control groups (cgroups(7)), one a machine.

The unified hierarchy is used where it has the controllers, else the older ones, each mounted on
its own. Groups are below ``virtctl``, which goes with the last of them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.spec import Limits

ROOT = Path("/sys/fs/cgroup")
PARENT = "virtctl"
_CONTROLLERS = ("cpu", "memory")
_TRIES = 5
_PERIOD = 100_000  # microseconds
_LEAST_SHARES, _MOST_SHARES = 2, 262_144  # of the older hierarchies, as the kernel has them


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Where groups can be made: ``unified`` or by controller; ``reason`` when nowhere."""

    unified: bool = False
    roots: tuple[str, ...] = ()
    reason: str = ""


def look(root: Path = ROOT) -> Found:
    """What control groups this host offers; nothing is made."""
    try:
        offered = (root / "cgroup.controllers").read_text().split()
    except OSError:
        offered = []
    if set(_CONTROLLERS) <= set(offered):
        return _writable(Found(unified=True, roots=(str(root),)))
    separate = [root / name for name in _CONTROLLERS]
    if all((each / "cgroup.procs").exists() for each in separate):
        return _writable(Found(roots=tuple(map(str, separate))))
    return Found(reason=f"no control groups for CPU and memory are mounted at `{root}`")


def _writable(found: Found) -> Found:
    # A container's hierarchy is often read only, which is told here too.
    for root in found.roots:
        if not os.access(root, os.W_OK):
            return Found(reason=f"no control group can be made at `{root}`: it is not writable")
    return found


def make(name: str, limits: Limits, found: Found) -> tuple[Path, ...]:
    """Make a machine's groups and set their limits; gives the groups to put processes into.

    None where the host has no groups. Raises ``HostError``, and nothing is left then.
    """
    made = tuple(Path(root, PARENT, name) for root in found.roots)
    try:
        for group in made:
            _make(group)
            if found.unified:
                for parent in (group.parent.parent, group.parent):
                    _write(parent / "cgroup.subtree_control", "+cpu +memory")
        for path, value in settings(limits, found).items():
            root, _, file = path.rpartition("/")
            _write(Path(root, PARENT, name, file), value)
    except OSError as error:
        remove(name, found)
        raise HostError(f"cannot limit the machine's CPU and memory: {error}") from error
    return made


def adjust(name: str, limits: Limits, found: Found) -> None:
    """Set the limits of a machine's groups anew, where it has some. Raises ``HostError``."""
    try:
        for path, value in settings(limits, found).items():
            root, _, file = path.rpartition("/")
            group = Path(root, PARENT, name)
            if group.is_dir():
                _write(group / file, value)
    except OSError as error:
        raise HostError(f"cannot change the machine's limits: {error}") from error


def _make(group: Path) -> None:
    """Make a group, though another machine's end may take the parent away meanwhile."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            group.mkdir(parents=True, exist_ok=True)
            return
    group.mkdir(parents=True)


def settings(limits: Limits, found: Found) -> dict[str, str]:
    """The files to write, each by its root and name, as a kubelet would."""
    if not found.roots:
        return {}
    cpu, memory = found.roots[0], found.roots[-1]
    shares = min(max(limits.cpu_request * 1024 // 1000, _LEAST_SHARES), _MOST_SHARES)
    quota = limits.cpu_limit * _PERIOD // 1000
    most = str(limits.memory) if limits.memory else ""
    if found.unified:
        weight = 1 + (shares - _LEAST_SHARES) * 9999 // (_MOST_SHARES - _LEAST_SHARES)
        return {
            f"{cpu}/cpu.weight": str(weight),
            f"{cpu}/cpu.max": f"{quota or 'max'} {_PERIOD}",
            f"{memory}/memory.max": most or "max",
        }
    return {
        f"{cpu}/cpu.shares": str(shares),
        f"{cpu}/cpu.cfs_period_us": str(_PERIOD),
        f"{cpu}/cpu.cfs_quota_us": str(quota or -1),
        f"{memory}/memory.limit_in_bytes": most or "-1",
    }


def remove(name: str, found: Found) -> None:
    """Remove a machine's groups, whose processes have ended; may be repeated."""
    for root in found.roots:
        for group in (Path(root, PARENT, name), Path(root, PARENT)):
            with suppress(OSError):  # not there, or the others' parent
                group.rmdir()


def _write(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        raise OSError(error.errno, f"`{path}`: {error.strerror}") from error
