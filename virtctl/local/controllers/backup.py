"""VirtualMachineBackups: full and incremental backups of running machines to claims (api.md §1.5).

The controller asks for one in the status of the machine's instance, where the node's agent finds it
and says how it goes. A tracker remembers the checkpoint from which the next one is incremental.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import blocktracking, conditions, reconcile
from virtctl.local.runtime.changes import Announce, Change, Requeue, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import finalizers, is_deleting, with_finalizer, without_finalizer
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    name_of,
    namespace_of,
    objects,
    text,
)
from virtctl.models.kinds import (
    BACKUP,
    BACKUP_TRACKER,
    PVC,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)

_PROTECTION = "backup.kubevirt.io/vmbackup-protection"
_LOOK_AGAIN = 2.0  # seconds between looks at what a backup waits for
_DONE = "Successfully completed VirtualMachineBackup"
_QUIESCED = {
    "Succeeded": ("True", "Guest filesystem was successfully quiesced"),
    "Failed": ("False", "Guest filesystem quiesce failed"),
    "Skipped": ("False", "Guest filesystem quiesce was skipped"),
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A backup, its tracker if it has one, the machine that it is of, and the claim it goes to."""

    backup: Document
    tracker: Document | None = None
    machine: Document | None = None
    instance: Document | None = None
    claim: Document | None = None

    @property
    def is_tracked(self) -> bool:
        """Whether a tracker is named."""
        return text(self.backup, "spec", "source", "kind") == BACKUP_TRACKER.name

    @property
    def machine_name(self) -> str:
        """Name of the machine; empty while the tracker is not there."""
        return _machine_name(self.backup, self.tracker)

    @property
    def job(self) -> Document:
        """What the instance says of this backup."""
        found = child(self.instance or {}, "status", "changedBlockTracking", "backupStatus")
        return found if text(found, "backupName") == name_of(self.backup) else {}


class BackupController:
    """Backs machines up."""

    name = "backup"
    component = "backup-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Backups, and the instances that say how they go."""
        return (
            Watched(BACKUP, reconcile.itself),
            Watched(VIRTUAL_MACHINE_INSTANCE, _backup_of),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The backup of ``key`` and what it is about."""
        try:
            backup = service.get(BACKUP, *key)
        except NotFound:
            return None
        source, tracker = child(backup, "spec", "source"), None
        if text(source, "kind") == BACKUP_TRACKER.name:
            tracker = service.find(BACKUP_TRACKER, key.namespace, text(source, "name"))
        name = _machine_name(backup, tracker)
        return Seen(
            backup=backup,
            tracker=tracker,
            machine=service.find(VIRTUAL_MACHINE, key.namespace, name),
            instance=service.find(VIRTUAL_MACHINE_INSTANCE, key.namespace, name),
            claim=service.find(PVC, key.namespace, text(backup, "spec", "pvcName")),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one backup."""
        if _is_over(seen.backup):
            gone = is_deleting(seen.backup) and _PROTECTION in finalizers(seen.backup)
            body = without_finalizer(seen.backup, _PROTECTION)
            return [patch(BACKUP, seen.backup, body)] if gone else []
        if flag(seen.job, "completed"):
            return list(_complete(seen, now))
        if seen.job:
            return list(_follow(seen, now))
        return list(_begin(seen, now))


def _backup_of(vmi: Document) -> Iterable[Key]:
    name = text(vmi, "status", "changedBlockTracking", "backupStatus", "backupName")
    return (Key(namespace_of(vmi), name),) if name else ()


def _machine_name(backup: Document, tracker: Document | None) -> str:
    source = child(backup, "spec", "source")
    if text(source, "kind") == BACKUP_TRACKER.name:
        return text(tracker or {}, "spec", "source", "name")
    return text(source, "name")


def _is_over(backup: Document) -> bool:
    return any(conditions.holds(backup, kind) for kind in ("Complete", "Failed"))


@dataclass(frozen=True)
class _Report:
    """How a backup is: why it is (or is no longer) progressing, what ended it, other facts."""

    reason: str
    message: str
    ends: str = ""  # Complete or Failed
    quiesced: str = ""
    facts: Document = field(default_factory=dict)


def _begin(seen: Seen, now: float) -> Iterator[Change]:
    """Ask the node for it, as soon as all that it needs is there."""
    backup = seen.backup
    if is_deleting(backup):
        yield from _fail(seen, "DeletedDuringInit", "backup was deleted during initialization", now)
        return
    if text(backup, "status", "type"):
        lost = "VMI was deleted during backup" if seen.instance is None else ""
        yield from _fail(seen, "SourceLost", lost or "VMI backup status was lost", now)
        return
    if text(backup, "spec", "mode") == "Pull":
        yield from _fail(seen, "Failed", "Pull is not served here; use the mode Push", now)
        return
    waits = _waits_for(seen)
    if waits or seen.instance is None:
        yield from _status(backup, _Report("Initializing", waits), now)
        yield Requeue(_LOOK_AGAIN)
        return
    if _PROTECTION not in finalizers(backup):
        yield patch(BACKUP, backup, with_finalizer(backup, _PROTECTION))
    asked: Document = {
        "backupName": name_of(backup),
        "startTimestamp": text(backup, "metadata", "creationTimestamp"),
    }
    yield _tell(seen.instance, asked)
    report = _Report("Initiated", "Backup is in progress", facts=_facts(seen))
    yield from _status(backup, report, now)


def _type(seen: Seen) -> str:
    """Full, or Incremental from the tracker's checkpoint on."""
    known = text(seen.backup, "status", "type")
    full = flag(seen.backup, "spec", "forceFullBackup")
    latest = text(seen.tracker or {}, "status", "latestCheckpoint", "name")
    return known or ("Incremental" if latest and not full else "Full")


def _waits_for(seen: Seen) -> str:
    """What a backup cannot begin without; empty when all is there."""
    name, backup = seen.machine_name, seen.backup
    if seen.is_tracked and seen.tracker is None:
        return f"BackupTracker {text(backup, 'spec', 'source', 'name')} does not exist"
    if seen.machine is None:
        return f"VM {namespace_of(backup)}/{name} doesnt exist"
    return _machine_lacks(seen, name) or _target_lacks(seen)


def _machine_lacks(seen: Seen, name: str) -> str:
    if seen.instance is None or text(seen.instance, "status", "phase") != "Running":
        return f"vm {name} is not running, cannot do backup"
    if not blocktracking.has_eligible(seen.instance):
        return f"vm {name} has no volumes to backup"
    if blocktracking.state_of(seen.instance) != blocktracking.ENABLED:
        return f"vm {name} has no ChangedBlockTracking, cannot start backup"
    tracker = seen.tracker or {}
    again = flag(tracker, "status", "checkpointRedefinitionRequired")
    if again and text(tracker, "status", "latestCheckpoint", "name"):
        return f"Waiting for checkpoint redefinition on tracker {name_of(tracker)}"
    other = child(seen.instance, "status", "changedBlockTracking", "backupStatus")
    if other:
        return f"another backup {text(other, 'backupName')} is already in progress"
    return ""


def _target_lacks(seen: Seen) -> str:
    where = f"{namespace_of(seen.backup)}/{text(seen.backup, 'spec', 'pvcName')}"
    if seen.claim is None:
        return f"PVC {where} doesnt exist"
    if text(seen.claim, "spec", "volumeMode") == "Block":
        return f"backup target PVC must be a filesystem PVC, provided pvc {where} is block"
    return ""


def _follow(seen: Seen, now: float) -> Iterator[Change]:
    """Tell how far it is; the guest may end before it does."""
    phase = text(seen.instance or {}, "status", "phase")
    if phase != "Running" or is_deleting(seen.instance or {}):
        yield from _fail(seen, "SourceUnhealthy", f"VMI is not in a running state: {phase}", now)
        return
    report = _Report("Initiated", "Backup is in progress", facts=_facts(seen))
    if is_deleting(seen.backup):
        said = "Backup is aborting"
        report = _Report("Aborting", said, facts=_facts(seen))
        known = conditions.find_condition(seen.backup, "Progressing") or {}
        if text(known, "reason") != "Aborting":
            reason = "VirtualMachineBackupAborting"
            yield Announce(about=seen.backup, reason=reason, message=said, warning=True)
    yield from _status(seen.backup, report, now)


def _facts(seen: Seen) -> Document:
    volumes: list[JsonValue] = [
        {"volumeName": text(one, "volumeName")} for one in objects(seen.job, "volumes")
    ]
    found: Document = {"includedVolumes": volumes} if volumes else {}
    if seen.instance is not None:
        found["type"] = _type(seen)
    name = text(seen.job, "checkpointName")
    if name and not flag(seen.job, "failed"):
        found["checkpointName"] = name
    return found


def _complete(seen: Seen, now: float) -> Iterator[Change]:
    """The node is done: the tracker remembers the checkpoint, the instance forgets the backup."""
    job, message = seen.job, text(seen.job, "backupMsg")
    if flag(job, "failed"):
        yield from _fail(seen, "Failed", message or "unknown, no completion message", now)
        return
    if seen.tracker is not None:
        latest: Document = {
            "name": text(job, "checkpointName"),
            "creationTime": text(job, "startTimestamp"),
            "volumes": _facts(seen).get("includedVolumes", []),
        }
        status = {**child(seen.tracker, "status"), "latestCheckpoint": latest}
        yield from status_patch(BACKUP_TRACKER, seen.tracker, status)
    event, reason, said = "VirtualMachineBackupCompletedSuccessfully", "Completed", _DONE
    if message:
        event, reason = "VirtualMachineBackupCompletedWithWarning", "CompletedWithWarning"
        said = f"Completed VirtualMachineBackup, warning: {message}"
    quiesced = text(job, "quiesceStatus")
    report = _Report(reason, said, ends="Complete", quiesced=quiesced, facts=_facts(seen))
    yield from _status(seen.backup, report, now)
    yield Announce(about=seen.backup, reason=event, message=said, warning=bool(message))
    yield from _forget(seen)


def _fail(seen: Seen, reason: str, message: str, now: float) -> Iterator[Change]:
    said = f"Backup has failed: {message}"
    quiesced = text(seen.job, "quiesceStatus")
    facts = _facts(seen) if seen.job else {}
    report = _Report(reason, said, ends="Failed", quiesced=quiesced, facts=facts)
    yield from _status(seen.backup, report, now)
    reason = "VirtualMachineBackupFailed"
    yield Announce(about=seen.backup, reason=reason, message=message, warning=True)
    yield from _forget(seen)


def _forget(seen: Seen) -> Iterator[Change]:
    if seen.job and seen.instance is not None:
        yield _tell(seen.instance, None)


def _tell(instance: Document, asked: Document | None) -> Change:
    body: Document = {"status": {"changedBlockTracking": {"backupStatus": asked}}}
    return patch(VIRTUAL_MACHINE_INSTANCE, instance, body, subresource="status")


def _status(backup: Document, report: _Report, now: float) -> Iterator[Change]:
    said = {"reason": report.reason, "message": report.message}
    wanted = [condition("Progressing", "False" if report.ends else "True", **said)]
    if report.ends:
        wanted.append(condition(report.ends, "True", **said))
    if report.quiesced in _QUIESCED:
        holds, message = _QUIESCED[report.quiesced]
        reason = f"Quiesce{report.quiesced}"
        wanted.append(condition("Quiesced", holds, reason=reason, message=message))
    known = objects(backup, "status", "conditions")
    status: Document = {
        **child(backup, "status"),
        "conditions": conditions.merged(known, wanted, now),
        **report.facts,
    }
    yield from status_patch(BACKUP, backup, status)
