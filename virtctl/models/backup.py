"""Backups of machines, and the trackers that make them incremental."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import BY_TYPE, Duration, Fact, Model, Rule, Time
from virtctl.models.meta import CheckedCondition, ObjectMeta
from virtctl.models.references import TypedReference

_KEPT = Rule("self == oldSelf", "spec is immutable after creation")
_NAMED = Rule("self.name != ''", "name is required")
_MACHINE, _BACKUP = "kubevirt.io", "backup.kubevirt.io"


class BackupSource(TypedReference, frozen=True):
    """A machine or a tracker of one."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("has(self.apiGroup)", "apiGroup is required"),
        Rule(
            f"!has(self.apiGroup) || self.apiGroup == '{_MACHINE}' || self.apiGroup == '{_BACKUP}'",
            f"apiGroup must be {_MACHINE} or {_BACKUP}",
        ),
        Rule(
            f"!has(self.apiGroup) || (self.apiGroup == '{_MACHINE}' && "
            f"self.kind == 'VirtualMachine') || (self.apiGroup == '{_BACKUP}' && "
            "self.kind == 'VirtualMachineBackupTracker')",
            f"kind must be VirtualMachine for {_MACHINE} or VirtualMachineBackupTracker for "
            f"{_BACKUP}",
        ),
        _NAMED,
    )


class TrackedMachine(TypedReference, frozen=True):
    """A machine."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"has(self.apiGroup) && self.apiGroup == '{_MACHINE}'", f"apiGroup must be {_MACHINE}"
        ),
        Rule("self.kind == 'VirtualMachine'", "kind must be VirtualMachine"),
        _NAMED,
    )


class BackupSpec(Model, frozen=True):
    """What is backed up, and how it gets out; it can't be changed."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        _KEPT,
        Rule('has(self.pvcName) && self.pvcName != ""', "pvcName is required"),
        Rule(
            "!has(self.mode) || self.mode != 'Pull' || "
            '(has(self.tokenSecretRef) && self.tokenSecretRef != "")',
            "tokenSecretRef is required when mode is Pull",
        ),
    )
    source: BackupSource
    force_full_backup: bool | None = None
    mode: Annotated[str, Fact(enum=("Push", "Pull"))] = ""
    """Push: written to a claim. Pull: offered for download."""
    pvc_name: str | None = None
    """The claim that a Push writes to."""
    skip_quiesce: bool | None = None
    token_secret_ref: str | None = None
    """Secret whose ``token`` a Pull must show."""
    ttl_duration: Duration | None = None
    """After which time a Pull ends, as in ``2h``."""


class BackupVolumeInfo(Model, frozen=True):
    """A volume in a backup, and where its parts are."""

    volume_name: str
    data_endpoint: str = ""
    map_endpoint: str = ""


class VirtualMachineBackupStatus(Model, frozen=True):
    """How far a backup has come."""

    checkpoint_name: str | None = None
    conditions: Annotated[tuple[CheckedCondition, ...], BY_TYPE] = ()
    endpoint_cert: str | None = None
    export_uid: str | None = msgspec.field(name="exportUID", default=None)
    included_volumes: tuple[BackupVolumeInfo, ...] = ()
    type: str = ""
    """Full or Incremental."""


class VirtualMachineBackup(Model, frozen=True):
    """One backup of a running machine."""

    spec: BackupSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: VirtualMachineBackupStatus | None = None


class BackupTrackerSpec(Model, frozen=True):
    """The machine that is tracked; it can't be changed."""

    RULES: ClassVar[tuple[Rule, ...]] = (_KEPT,)
    source: TrackedMachine


class BackupCheckpoint(Model, frozen=True):
    """What the next incremental backup starts from."""

    creation_time: Time | None = None
    name: str = ""
    volumes: tuple[BackupVolumeInfo, ...] = ()


class BackupTrackerStatus(Model, frozen=True):
    """The latest checkpoint."""

    checkpoint_redefinition_required: bool | None = None
    latest_checkpoint: BackupCheckpoint | None = None


class VirtualMachineBackupTracker(Model, frozen=True):
    """Remembers what was backed up last of a machine."""

    spec: BackupTrackerSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: BackupTrackerStatus | None = None
