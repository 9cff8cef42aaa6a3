"""Printer columns as definitions write them, of our own kinds and of those that users add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from virtctl.errors import InvalidField
from virtctl.local.api.customs.fieldpaths import compile_path, select
from virtctl.models import kinds
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.wire import tables
from virtctl.wire.tables import Cell, Column

TYPES = ("integer", "number", "string", "boolean", "date")


@dataclass(frozen=True)
class Printed:
    """One of ``additionalPrinterColumns``."""

    name: str
    type: str
    path: str
    priority: int = 0
    description: str = ""
    format: str = ""

    def document(self) -> Document:
        """As a definition writes it."""
        found: Document = {"name": self.name, "type": self.type, "jsonPath": self.path}
        if self.description:
            found["description"] = self.description
        if self.format:
            found["format"] = self.format
        if self.priority:
            found["priority"] = self.priority
        return found

    @property
    def is_readable(self) -> bool:
        """Whether the path is one; columns without are not printed, as upstream."""
        try:
            compile_path(self.path)
        except InvalidField:
            return False
        return True

    def column(self) -> Column:
        """The column of tables."""
        return Column(
            self.name, _cell(self), self.type, self.format, self.priority, self.description
        )


def _cell(printed: Printed) -> Cell:
    def read(item: Document, now: datetime) -> JsonValue:
        found = select(printed.path, item)
        if not found:
            return None
        if printed.type == "string":
            return _text(found[0])
        return _typed(printed.type, found[0], now)

    return read


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _typed(type_: str, value: JsonValue, now: datetime) -> JsonValue:
    """``value`` if it is of the type of its column; otherwise the cell stays empty."""
    match type_, value:
        case "boolean", bool():
            return value
        case "date", str():
            return tables.age(value, now)
        case (("integer" | "number"), bool()):
            return None
        case "integer", int() | float():
            return int(value)
        case "number", int() | float():
            return value
        case _:
            return None


def condition(name: str, type_: str = "", *, priority: int = 0) -> Printed:
    """A column with the status of a condition."""
    path = f".status.conditions[?(@.type=='{type_ or name}')].status"
    return Printed(name, "string", path, priority)


AGE = Printed("Age", "date", ".metadata.creationTimestamp")
_PHASE = Printed("Phase", "string", ".status.phase")
_SOURCE_KIND = Printed("SourceKind", "string", ".spec.source.kind")
_SOURCE_NAME = Printed("SourceName", "string", ".spec.source.name")
_READY_TO_USE = Printed("ReadyToUse", "boolean", ".status.readyToUse")
_TAKEN = Printed("CreationTime", "date", ".status.creationTime")
_ERROR = Printed("Error", "string", ".status.error.message")
_REPLICAS = (
    Printed("Desired", "integer", ".spec.replicas"),
    Printed("Current", "integer", ".status.replicas"),
    Printed("Ready", "integer", ".status.readyReplicas"),
    AGE,
)
_READY = Printed("Ready", "string", '.status.conditions[?(@.type=="Ready")].status')
_OWN: dict[str, tuple[Printed, ...]] = {
    kinds.VIRTUAL_MACHINE.resource: (
        AGE,
        Printed(
            "Status", "string", ".status.printableStatus", description="Human Readable Status"
        ),
        condition("Ready"),
    ),
    kinds.VIRTUAL_MACHINE_INSTANCE.resource: (
        AGE,
        _PHASE,
        Printed("IP", "string", ".status.interfaces[0].ipAddress"),
        Printed("NodeName", "string", ".status.nodeName"),
        condition("Ready"),
        condition("Live-Migratable", "LiveMigratable", priority=1),
        condition("Paused", priority=1),
    ),
    kinds.INSTANCE_REPLICA_SET.resource: _REPLICAS,
    kinds.POOL.resource: _REPLICAS,
    kinds.MIGRATION.resource: (_PHASE, Printed("VMI", "string", ".spec.vmiName")),
    kinds.KUBEVIRT.resource: (AGE, _PHASE),
    kinds.NODE_NETWORK_POLICY.resource: (
        Printed("Status", "string", ".status.conditions[?(@.status=='True')].type"),
        Printed("Reason", "string", ".status.conditions[?(@.status=='True')].reason"),
    ),
    kinds.NODE_NETWORK_ENACTMENT.resource: (
        Printed("Status", "string", ".status.conditions[?(@.status=='True')].type"),
        Printed("Status Age", "date", ".status.conditions[?(@.status=='True')].lastTransitionTime"),
        Printed("Reason", "string", ".status.conditions[?(@.status=='True')].reason"),
    ),
    kinds.SNAPSHOT.resource: (
        _SOURCE_KIND, _SOURCE_NAME, _PHASE, _READY_TO_USE, _TAKEN, _ERROR,
    ),
    kinds.SNAPSHOT_CONTENT.resource: (_READY_TO_USE, _TAKEN, _ERROR),
    kinds.RESTORE.resource: (
        Printed("TargetKind", "string", ".spec.target.kind"),
        Printed("TargetName", "string", ".spec.target.name"),
        Printed("Complete", "boolean", ".status.complete"),
        Printed("RestoreTime", "date", ".status.restoreTime"),
    ),
    kinds.EXPORT.resource: (_SOURCE_KIND, _SOURCE_NAME, _PHASE),
    kinds.BACKUP.resource: (
        _SOURCE_KIND,
        _SOURCE_NAME,
        Printed("Type", "string", ".status.type"),
        Printed("CheckpointName", "string", ".status.checkpointName"),
    ),
    kinds.BACKUP_TRACKER.resource: (
        _SOURCE_KIND,
        _SOURCE_NAME,
        Printed("LatestCheckpoint", "string", ".status.latestCheckpoint.name"),
        Printed("CheckpointTime", "date", ".status.latestCheckpoint.creationTime"),
    ),
    kinds.CLONE.resource: (
        _PHASE,
        Printed("SourceVirtualMachine", "string", ".spec.source.name"),
        Printed("TargetVirtualMachine", "string", ".spec.target.name"),
    ),
    kinds.TEMPLATE.resource: (AGE, _READY),
    kinds.TEMPLATE_REQUEST.resource: (
        Printed("Template", "string", ".status.templateRef.name"),
        AGE,
        _READY,
        Printed("Progressing", "string", '.status.conditions[?(@.type=="Progressing")].status'),
    ),
    kinds.DATA_VOLUME.resource: (
        _PHASE,
        Printed("Progress", "string", ".status.progress"),
        Printed("Restarts", "integer", ".status.restartCount"),
        AGE,
    ),
    kinds.DATA_IMPORT_CRON.resource: (Printed("Format", "string", ".status.sourceFormat"),),
    kinds.CDI.resource: (AGE, _PHASE),
    kinds.AAQ.resource: (AGE, _PHASE),
    kinds.MTQ.resource: (AGE, _PHASE),
    kinds.VOLUME_SNAPSHOT.resource: (
        _READY_TO_USE,
        Printed("SourcePVC", "string", ".spec.source.persistentVolumeClaimName"),
        Printed("SourceSnapshotContent", "string", ".spec.source.volumeSnapshotContentName"),
        Printed("RestoreSize", "string", ".status.restoreSize"),
        Printed("SnapshotClass", "string", ".spec.volumeSnapshotClassName"),
        Printed("SnapshotContent", "string", ".status.boundVolumeSnapshotContentName"),
        _TAKEN,
        AGE,
    ),
    kinds.VOLUME_SNAPSHOT_CONTENT.resource: (
        _READY_TO_USE,
        Printed("RestoreSize", "integer", ".status.restoreSize"),
        Printed("DeletionPolicy", "string", ".spec.deletionPolicy"),
        Printed("Driver", "string", ".spec.driver"),
        Printed("VolumeSnapshotClass", "string", ".spec.volumeSnapshotClassName"),
        Printed("VolumeSnapshot", "string", ".spec.volumeSnapshotRef.name"),
        Printed("VolumeSnapshotNamespace", "string", ".spec.volumeSnapshotRef.namespace"),
        AGE,
    ),
    kinds.VOLUME_SNAPSHOT_CLASS.resource: (
        Printed("Driver", "string", ".driver"),
        Printed("DeletionPolicy", "string", ".deletionPolicy"),
        AGE,
    ),
}  # fmt: skip


def printed_of(kind: Kind) -> tuple[Printed, ...]:
    """The columns of one of our own kinds, besides its name; none: its age is printed."""
    return _OWN.get(kind.resource, ())


def columns(printed: tuple[Printed, ...]) -> tuple[Column, ...]:
    """The columns of tables: the name first, the age where nothing else is to be printed."""
    name = Column("Name", tables.name_cell, format="name")
    return (name, *(each.column() for each in printed or (AGE,)))
