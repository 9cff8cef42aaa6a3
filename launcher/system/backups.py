"""Backup jobs: a running machine's disks as they are at one moment, while the guest goes on.

QEMU copies what the guest is about to overwrite first, so all disks of a job are of the moment at
which it began. Only then does the guest keep quiet. One job runs at a time.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from launcher import layout
from launcher.domain import backups as texts
from launcher.errors import HostError, HypervisorError, LauncherError
from launcher.state import BackupState, DiskState
from launcher.system import files, mounts, process
from launcher.system.machine import Machine
from launcher.system.quiet import Quiet, quiet

_log = logging.getLogger(__name__)
_LOOK = 0.1  # seconds between looks at a job
_ROOM = layout.INSIDE_PUBLIC / "backups"
_QUIESCED = {Quiet.FROZEN: "Succeeded", Quiet.PAUSED: "Succeeded", Quiet.NOT_ASKED: "Skipped"}
_FAILED = {
    Quiet.NO_AGENT: "Failed freezing guest filesystem: guest agent is not connected",
    Quiet.FAILED: "Failed freezing guest filesystem: the guest agent refused",
}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that is asked for. ``directory`` is the host's, and made if need be; ``files`` are
    the names of files in it, by disks; ``begun`` is given back in the state.
    """

    name: str
    begun: str
    checkpoint: str
    directory: str
    files: dict[str, str]
    since: str = ""  # the checkpoint of which only changes are wanted
    quiesce: bool = True


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that an earlier process of the machine made, at ``created`` in Unix seconds."""

    name: str
    created: int


class Backups:
    """The backup jobs of one machine."""

    def __init__(self, machine: Machine, user: int = 0) -> None:
        """``user`` is QEMU's number."""
        self._machine, self._user = machine, user
        self.turn = asyncio.Lock()

    async def begin(self, order: Order) -> None:
        """Begin a backup; the state tells how it ends. The same one is begun only once.

        Raises ``LauncherError`` when it does not begin.
        """
        before = self._machine.ledger.state.backup
        if before and (before.name, before.begun) == (order.name, order.begun):
            return
        if self.turn.locked():
            raise HypervisorError("another backup of the machine is in progress")
        await self.turn.acquire()
        try:
            state = await self._begin(order)
        except BaseException:
            self.turn.release()
            raise
        self._machine.later(0, lambda: self._see_to_the_end(order, state))

    async def _begin(self, order: Order) -> BackupState:
        machine, disks = self._machine, self._tracked()
        if not disks:
            raise HypervisorError("changed blocks of the machine's disks are not tracked")
        inside = _ROOM / order.name
        await asyncio.to_thread(self._show, Path(order.directory), inside)
        names = {disk.name: order.files.get(disk.name, f"{disk.name}.qcow2") for disk in disks}
        targets = {disk.target: str(inside / names[disk.name]) for disk in disks}
        everything = [disk.target for disk in machine.ledger.state.disks if disk.target]
        xml = texts.push(everything, targets, since=order.since)
        mark = texts.checkpoint(order.checkpoint, everything, list(targets))
        try:
            async with quiet(machine, wanted=order.quiesce) as how:
                await asyncio.to_thread(machine.hypervisor.begin_backup, xml, mark)
        except BaseException:
            await asyncio.to_thread(self._hide, inside, Path(order.directory), keep=False)
            raise
        state = BackupState(
            name=order.name,
            begun=order.begun,
            checkpoint=order.checkpoint,
            disks=tuple(disk.name for disk in disks),
            quiesced=_QUIESCED.get(how, "Failed"),
            message=_FAILED.get(how, ""),
        )
        machine.ledger.update(backup=state)
        return state

    async def _see_to_the_end(self, order: Order, state: BackupState) -> None:
        directory, failed = Path(order.directory), "the machine ended"
        try:
            failed = await self._end()
            if not failed and not order.since:
                await asyncio.to_thread(_dig, directory)
        finally:
            self._hide(_ROOM / order.name, directory, keep=not failed)
            ended = msgspec.structs.replace(
                state, completed=True, failed=bool(failed), message=failed or state.message,
                ended=time.time(),
            )  # fmt: skip
            self._machine.ledger.update(backup=ended)
            self.turn.release()

    async def abort(self, name: str) -> None:
        """End a backup that is not done; fine when there is none of this name."""
        now = self._machine.ledger.state.backup
        if now and now.name == name and not now.completed:
            await asyncio.to_thread(self._machine.hypervisor.abort_backup)

    async def redefine(self, checkpoint: Checkpoint) -> None:
        """Make a checkpoint known to this process. Raises ``HypervisorError`` if it is lost."""
        everything = [disk.target for disk in self._machine.ledger.state.disks if disk.target]
        tracked = [disk.target for disk in self._tracked()]
        xml = texts.checkpoint(checkpoint.name, everything, tracked, checkpoint.created)
        hypervisor = self._machine.hypervisor
        await asyncio.to_thread(hypervisor.redefine_checkpoint, checkpoint.name, xml)

    async def copy(self, targets: Mapping[str, Path], *, quiesce: bool) -> Quiet:
        """Copy disks to new raw files while the guest goes on; how it was kept quiet at first.

        Raises ``LauncherError``; what was begun is gone then.
        """
        machine = self._machine
        known = {disk.name: disk.target for disk in machine.ledger.state.disks}
        inside = _ROOM / ".copies"
        drafts = {name: inside / f"{name}.qcow2" for name in targets}
        everything = [target for target in known.values() if target]
        try:
            listed = {known[name]: str(path) for name, path in drafts.items()}
        except KeyError as error:
            raise LauncherError(f"the guest has no disk `{error.args[0]}` yet") from None
        try:
            await asyncio.to_thread(self._make_room, inside)
            async with quiet(machine, wanted=quiesce) as how:
                xml = texts.push(everything, listed)
                await asyncio.to_thread(machine.hypervisor.begin_backup, xml)
            _check(await self._end())
            for name, target in targets.items():
                await asyncio.to_thread(_flatten, drafts[name], target)
        except BaseException:
            for target in targets.values():
                files.remove(target)
            raise
        finally:
            shutil.rmtree(inside, ignore_errors=True)
        return how

    async def _end(self) -> str:
        """Wait for the job's end; why it failed. One that is left alone ends."""
        hypervisor, end = self._machine.hypervisor, None
        try:
            while end is None:
                await asyncio.sleep(_LOOK)
                end = await asyncio.to_thread(hypervisor.backup_end)
        except asyncio.CancelledError:
            with suppress(HypervisorError):
                hypervisor.abort_backup()
            raise
        except HypervisorError as error:
            return str(error)
        return end

    def _tracked(self) -> list[DiskState]:
        return [disk for disk in self._machine.ledger.state.disks if disk.tracked and disk.target]

    def _make_room(self, inside: Path) -> None:
        shutil.rmtree(inside, ignore_errors=True)
        files.make_directory(inside)
        files.give(inside, self._user)

    def _show(self, directory: Path, inside: Path) -> None:
        """Let QEMU write into a directory of the host."""
        if not directory.is_absolute():
            raise LauncherError(f"the directory `{directory}` must be absolute")
        files.make_directory(directory)
        files.give(directory, self._user)
        try:
            mounts.bind(directory, inside)
        except OSError as error:
            raise HostError(f"cannot show `{directory}` to QEMU: {error}") from error

    def _hide(self, inside: Path, directory: Path, *, keep: bool) -> None:
        try:
            mounts.unbind(inside)
        except OSError as error:
            _log.warning("`%s` is still bound: %s", inside, error)
            return
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


def _check(failed: str) -> None:
    if failed:
        raise HypervisorError(f"the disks were not copied: {failed}")


def _dig(directory: Path) -> None:
    """Give back the zeros of a whole backup: an overlay does not tell where its disk has holes."""
    for path in sorted(directory.glob("*.qcow2")):
        try:
            process.run(["fallocate", "--dig-holes", path])
        except LauncherError as error:
            _log.warning("zeros in `%s` take space: %s", path, error)


def _flatten(draft: Path, target: Path) -> None:
    process.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", draft, target])
