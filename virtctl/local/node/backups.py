"""Carry out VirtualMachineBackups: tell launchers to begin and to end them.

What is to be done stands in the status of an instance, ``changedBlockTracking.backupStatus``; how
it goes is reported there with everything else of the machine. A launcher goes on without a daemon,
and is told again by the next, which it does not mind. Checkpoints that an earlier launcher of the
machine made are made known to the new one, or forgotten when they are lost.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path

from launcher import lifecycle
from launcher.errors import LauncherError, LauncherGone
from launcher.layout import MachineLayout
from launcher.lifecycle import Command
from virtctl.errors import ApiError
from virtctl.local.api.service import ApiService
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.errands import Errands
from virtctl.local.node.gathering import Missing, claim_place
from virtctl.local.node.ondisk import guest_place
from virtctl.local.runtime import blocktracking, conditions, fillings, reconcile
from virtctl.local.runtime.changes import Announce, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    name_of,
    namespace_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import BACKUP, BACKUP_TRACKER, PVC, VIRTUAL_MACHINE_INSTANCE, Kind

log = logging.getLogger(__name__)

COMPONENT = "virt-handler"
_PATIENCE = 1.0  # seconds between attempts to reach a launcher


class Backups:
    """The backups of an instance's machines."""

    name = "backups"

    def __init__(self, service: ApiService, layout: InstanceLayout, clock: Clock) -> None:
        self._service, self._layout, self._clock = service, layout, clock
        self._errands = Errands()
        self._known: set[str] = set()  # instances whose trackers' checkpoints were looked at

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(
                    Informer(self._service, VIRTUAL_MACHINE_INSTANCE, self._instance).run()
                )
                group.create_task(Informer(self._service, BACKUP, self._backup).run())
                group.create_task(Informer(self._service, BACKUP_TRACKER, self._tracker).run())
        finally:
            await self._errands.end()

    def _instance(self, seen: Seen) -> None:
        vmi, uid = seen.latest, uid_of(seen.latest)
        if seen.new is None:
            self._known.discard(uid)
            return
        if blocktracking.state_of(vmi) != blocktracking.ENABLED:
            return
        if uid not in self._known:
            self._known.add(uid)
            self._ask_again(vmi)
        asked = child(vmi, "status", "changedBlockTracking", "backupStatus")
        begun = text(asked, "checkpointName") or flag(asked, "completed")
        if asked and not begun and uid not in self._errands:
            self._errands.begin(uid, self._begin(vmi, asked), f"backup of {name_of(vmi)}")

    def _backup(self, seen: Seen) -> None:
        backup, uid = seen.latest, uid_of(seen.latest)
        if seen.new is None or uid in self._errands:
            return
        if conditions.holds(backup, "Failed"):
            self._errands.begin(uid, self._clear(backup), f"rest of backup {uid}")
        elif is_deleting(backup) and not conditions.holds(backup, "Complete"):
            self._errands.begin(uid, self._abort(backup), f"abort of backup {uid}")

    def _tracker(self, seen: Seen) -> None:
        tracker, uid = seen.latest, uid_of(seen.latest)
        wanted = flag(tracker, "status", "checkpointRedefinitionRequired")
        if seen.new is not None and wanted and uid not in self._errands:
            self._errands.begin(uid, self._redefine(tracker), f"checkpoint of {name_of(tracker)}")

    # --- backups -------------------------------------------------------------------------------

    async def _begin(self, vmi: Document, asked: Document) -> None:
        """Until a launcher has heard of it, or nobody wants it any more."""
        namespace, name = namespace_of(vmi), text(asked, "backupName")
        while self._is_wanted(vmi, name):
            try:
                order = self._order(namespace, name, vmi, text(asked, "startTimestamp"))
                control = await lifecycle.connect(self._place(vmi))
                await control.request(Command.BACKUP, **order)
                self._mark(namespace, name)
            except LauncherGone as error:
                log.info("backup %s waits: %s", name, error)
                await asyncio.sleep(_PATIENCE)
                continue
            except (Missing, LauncherError) as error:
                log.warning("backup %s/%s: %s", namespace, name, error)
                told: Document = {"completed": True, "failed": True, "backupMsg": str(error)}
                body: Document = {"status": {"changedBlockTracking": {"backupStatus": told}}}
                self._patch(VIRTUAL_MACHINE_INSTANCE, vmi, body)
            return

    def _mark(self, namespace: str, name: str) -> None:
        """The target claim holds files, and is exported so."""
        backup = self._service.find(BACKUP, namespace, name) or {}
        where: Document = {"name": text(backup, "spec", "pvcName"), "namespace": namespace}
        marks: Document = {"metadata": {"annotations": {fillings.CONTENT: "archive"}}}
        self._carry_out(patch(PVC, {"metadata": where}, marks))

    def _is_wanted(self, vmi: Document, name: str) -> bool:
        now = self._service.find(VIRTUAL_MACHINE_INSTANCE, namespace_of(vmi), name_of(vmi)) or {}
        asked = child(now, "status", "changedBlockTracking", "backupStatus")
        return uid_of(now) == uid_of(vmi) and text(asked, "backupName") == name

    def _order(self, namespace: str, name: str, vmi: Document, begun: str) -> dict[str, JsonValue]:
        """What the launcher is told; files are named as KubeVirt names them. Raises ``Missing``."""
        backup = self._service.find(BACKUP, namespace, name)
        if backup is None:
            raise Missing(f"virtualmachinebackup {name}")
        source = child(backup, "spec", "source")
        volumes = [text(one, "name") for one in objects(vmi, "spec", "volumes")]
        since = ""
        is_tracked = text(source, "kind") == BACKUP_TRACKER.name
        if is_tracked and not flag(backup, "spec", "forceFullBackup"):
            tracker = self._service.find(BACKUP_TRACKER, namespace_of(backup), text(source, "name"))
            since = text(tracker or {}, "status", "latestCheckpoint", "name")
        return {
            "name": name,
            "begun": begun,
            "checkpoint": _checkpoint(backup, begun),
            "directory": str(self._directory(backup, name_of(vmi), begun)),
            "files": {volume: f"{name}-{volume}.qcow2" for volume in volumes},
            "since": since,
            "quiesce": not flag(backup, "spec", "skipQuiesce"),
        }

    def _directory(self, backup: Document, machine: str, begun: str) -> Path:
        claim = text(backup, "spec", "pvcName")
        place = claim_place(self._service, namespace_of(backup), claim)
        return Path(place.path).parent / machine / _checkpoint(backup, begun)

    async def _abort(self, backup: Document) -> None:
        for vmi in self._service.list(VIRTUAL_MACHINE_INSTANCE, namespace_of(backup)).items:
            asked = child(vmi, "status", "changedBlockTracking", "backupStatus")
            if text(asked, "backupName") == name_of(backup):
                try:
                    control = await lifecycle.connect(self._place(vmi))
                    await control.request(Command.ABORT_BACKUP, name=name_of(backup))
                except LauncherError as error:
                    log.warning("abort of backup %s: %s", name_of(backup), error)

    async def _clear(self, backup: Document) -> None:
        """A backup that failed leaves no half disks, however its launcher ended."""
        source = child(backup, "spec", "source")
        machine = text(source, "name")
        if text(source, "kind") == BACKUP_TRACKER.name:
            tracker = self._service.find(BACKUP_TRACKER, namespace_of(backup), machine)
            machine = text(tracker or {}, "spec", "source", "name")
        if not machine or not text(backup, "status", "type"):
            return
        begun = text(backup, "metadata", "creationTimestamp")
        try:
            place = self._directory(backup, machine, begun)
        except Missing:
            return
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    # --- checkpoints ---------------------------------------------------------------------------

    def _ask_again(self, vmi: Document) -> None:
        """A new launcher does not know the checkpoints of the one before."""
        for tracker in self._service.list(BACKUP_TRACKER, namespace_of(vmi)).items:
            of_it = text(tracker, "spec", "source", "name") == name_of(vmi)
            if of_it and text(tracker, "status", "latestCheckpoint", "name"):
                body: Document = {"status": {"checkpointRedefinitionRequired": True}}
                self._patch(BACKUP_TRACKER, tracker, body)

    async def _redefine(self, tracker: Document) -> None:
        namespace, name = namespace_of(tracker), text(tracker, "spec", "source", "name")
        latest = child(tracker, "status", "latestCheckpoint")
        vmi = self._service.find(VIRTUAL_MACHINE_INSTANCE, namespace, name)
        if vmi is None or blocktracking.state_of(vmi) != blocktracking.ENABLED:
            return  # asked again when it runs
        created = int(seconds(text(latest, "creationTime")))
        checkpoint = text(latest, "name")
        told: Document = {"checkpointRedefinitionRequired": None}
        try:
            control = await lifecycle.connect(self._place(vmi))
            await control.request(Command.REDEFINE, name=checkpoint, created=created)
        except LauncherGone as error:
            log.info("the checkpoint of %s waits: %s", name_of(tracker), error)
            self._known.discard(uid_of(vmi))
            return
        except LauncherError as error:
            message = (
                f"Failed to redefine checkpoint {checkpoint}: {error}. "
                "Checkpoint cleared, next backup will be full."
            )
            said = Announce(
                about=tracker, reason="CheckpointRedefinitionFailed", message=message, warning=True
            )
            self._carry_out(said)
            told["latestCheckpoint"] = None
        self._patch(BACKUP_TRACKER, tracker, {"status": told})

    def _place(self, vmi: Document) -> MachineLayout:
        return guest_place(self._layout, uid_of(vmi))

    def _patch(self, kind: Kind, about: Document, body: Document) -> None:
        self._carry_out(patch(kind, about, body, subresource="status"))

    def _carry_out(self, change: reconcile.Doable) -> None:
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("telling of a backup: %s", error)


def _checkpoint(backup: Document, begun: str) -> str:
    moment = stamp(seconds(begun)).rstrip("Z").replace("T", "_").replace(":", "-")
    return f"{name_of(backup)}-{moment}"
