"""Copies of a running machine's disks, all of the same moment.

Where the file system shares blocks (reflink), and where there is little data, the guest stands
still while they are made. Otherwise a backup job makes them, and the guest goes on. The launcher
does it, and not whoever asks: a guest is never left standing because somebody else ended.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from launcher.errors import LauncherError
from launcher.spec import Claim, Disk, HostDisk, MachineSpec
from launcher.state import Stage
from launcher.system import diskfiles, files
from launcher.system.backups import Backups
from launcher.system.machine import Machine
from launcher.system.quiet import quiet

AT_ONCE = 64 << 20
"""Bytes of data for which a guest may stand still: a blink on any disk."""

_log = logging.getLogger(__name__)


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """How disks were copied: ``reflink``, ``sparse`` or ``job``, and how the guest was kept quiet,
    as KubeVirt calls it; empty when that was not asked for.
    """

    way: str
    quiesced: str = ""


async def copy(
    machine: Machine, backups: Backups, targets: Mapping[str, str], *, quiesce: bool = False
) -> Copied:
    """Copy disks, by their names, to new files of the host, given by absolute paths.

    Nothing is synchronized with the host's disk: that is for the caller. With ``quiesce`` the
    guest's agent freezes its file systems for the moment of which the copies are. Raises
    ``LauncherError``; what was begun is gone then.
    """
    pairs = [(source_of(machine.spec, name), Path(path)) for name, path in targets.items()]
    async with backups.turn:
        for _, target in pairs:
            if not target.is_absolute():
                raise LauncherError(f"the path `{target}` must be absolute")
            if await asyncio.to_thread(target.exists):
                raise LauncherError(f"`{target}` exists already; a copy goes to a new file")
        _ = machine.hypervisor  # there must be one
        if not await asyncio.to_thread(_is_quick, pairs):
            named = {name: Path(path) for name, path in targets.items()}
            how = await backups.copy(named, quiesce=quiesce)
            return Copied(way="job", quiesced=how.value)
        async with quiet(machine, wanted=quiesce) as how:
            return Copied(way=await _stand_still(machine, pairs), quiesced=how.value)


async def _stand_still(machine: Machine, pairs: list[tuple[Path, Path]]) -> str:
    """Copy while the guest stands still, so that what QEMU has taken is in the files."""
    runs = machine.ledger.state.stage is Stage.RUNNING
    if runs:
        await machine.pause()
    try:
        return await asyncio.to_thread(_copy, pairs)
    finally:
        if runs and machine.ledger.state.stage is Stage.PAUSED:
            await machine.unpause()


def _is_quick(pairs: list[tuple[Path, Path]]) -> bool:
    """Whether copies take no time: their blocks can be shared, or there are few."""
    data = sum(diskfiles.allocated(source) for source, _ in pairs)
    return data <= AT_ONCE or all(diskfiles.can_share(*pair) for pair in pairs)


async def resize(machine: Machine, sizes: Mapping[str, int]) -> None:
    """Make disks larger, given in bytes by their names; the guest sees it at once.

    A file that is large enough already stays as it is. Raises ``LauncherError``.
    """
    hypervisor = machine.hypervisor
    targets = {one.name: one.target for one in machine.ledger.state.disks}
    for name, size in sizes.items():
        source = source_of(machine.spec, name)
        if not targets.get(name):
            raise LauncherError(f"the guest has no disk `{name}` yet")
        await asyncio.to_thread(_grow, source, size)
        await machine.hotplug.grow(name)
        await asyncio.to_thread(hypervisor.resize, targets[name], size)
        _log.info("disk %s has %d bytes now", name, size)


def _grow(path: Path, size: int) -> None:
    try:
        if path.is_file() and path.stat().st_size < size:
            os.truncate(path, size)
    except OSError as error:
        raise LauncherError(f"cannot grow `{path}`: {error.strerror}") from error


def source_of(spec: MachineSpec, name: str) -> Path:
    """The host's file or device behind a disk; raises ``LauncherError`` when there is none."""
    found: Disk | None = next((disk for disk in spec.disks if disk.name == name), None)
    if found is None or not isinstance(found.source, Claim | HostDisk):
        raise LauncherError(f"there is no disk `{name}` of a file or device of the host")
    return Path(found.source.path)


def _copy(pairs: list[tuple[Path, Path]]) -> str:
    ways = []
    try:
        for source, target in pairs:
            ways.append(diskfiles.copy(source, target))
    except BaseException:
        for _, target in pairs:
            files.remove(target)
        raise
    return "sparse" if "sparse" in ways else "reflink"
