"""Snapshots of volumes (``snapshot.storage.k8s.io``)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from virtctl.models.base import Fact, Int64, Model, QuantityText, Rule, Time
from virtctl.models.meta import ObjectMeta, ObjectReference
from virtctl.models.snapshot import SnapshotError


def _once(*names: str) -> tuple[Rule, ...]:
    """Rules for fields that stay as they were set first."""
    return tuple(
        rule
        for name in names
        for rule in (
            Rule(f"!has(oldSelf.{name}) || has(self.{name})", f"{name} is required once set"),
            Rule(
                f"!has(oldSelf.{name}) || !has(self.{name}) || self.{name} == oldSelf.{name}",
                f"{name} is immutable",
                field_path=f".{name}",
            ),
        )
    )


def _either(one: str, other: str) -> tuple[Rule, ...]:
    """Rules for two fields of which exactly one is set, once and for all."""
    return (
        *_once(one, other),
        Rule(
            f"has(self.{one}) != has(self.{other})",
            f"exactly one of {other} and {one} must be set",
        ),
    )


class VolumeSnapshotSource(Model, frozen=True):
    """What a snapshot is of; exactly one is set."""

    RULES: ClassVar[tuple[Rule, ...]] = _either(
        "persistentVolumeClaimName", "volumeSnapshotContentName"
    )

    persistent_volume_claim_name: str | None = None
    volume_snapshot_content_name: str | None = None


class VolumeSnapshotSpec(Model, frozen=True):
    """What a snapshot is of, and how it is taken."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.volumeSnapshotClassName) || size(self.volumeSnapshotClassName) > 0",
            "volumeSnapshotClassName must not be the empty string when set",
            field_path=".volumeSnapshotClassName",
        ),
    )
    source: VolumeSnapshotSource
    volume_snapshot_class_name: str | None = None


class VolumeSnapshotStatus(Model, frozen=True):
    """What became of a snapshot."""

    bound_volume_snapshot_content_name: str | None = None
    creation_time: Time | None = None
    error: SnapshotError | None = None
    ready_to_use: bool | None = None
    restore_size: QuantityText | None = None
    volume_group_snapshot_name: str | None = None


class VolumeSnapshot(Model, frozen=True):
    """A snapshot of a claim."""

    spec: VolumeSnapshotSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: VolumeSnapshotStatus | None = None


class VolumeContentSource(Model, frozen=True):
    """What the storage has; exactly one is set."""

    RULES: ClassVar[tuple[Rule, ...]] = _either("snapshotHandle", "volumeHandle")

    snapshot_handle: str | None = None
    volume_handle: str | None = None


DeletionPolicy = Annotated[str, Fact(enum=("Delete", "Retain"))]


class VolumeContentSpec(Model, frozen=True):
    """A snapshot in the storage, and the object that it belongs to."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        *_once("sourceVolumeMode"),
        Rule(
            "has(self.volumeSnapshotRef.name) && has(self.volumeSnapshotRef.__namespace__)",
            "both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set",
            field_path=".volumeSnapshotRef",
        ),
    )
    deletion_policy: DeletionPolicy
    driver: str
    source: VolumeContentSource
    volume_snapshot_ref: ObjectReference
    source_volume_mode: str | None = None
    volume_snapshot_class_name: str | None = None


class VolumeContentStatus(Model, frozen=True):
    """What the storage says."""

    creation_time: Int64 | None = None
    error: SnapshotError | None = None
    ready_to_use: bool | None = None
    restore_size: Annotated[int, Fact(format="int64", minimum=0)] | None = None
    snapshot_handle: str | None = None
    volume_group_snapshot_handle: str | None = None


class VolumeSnapshotContent(Model, frozen=True):
    """A snapshot in the storage."""

    spec: VolumeContentSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: VolumeContentStatus | None = None


class VolumeSnapshotClass(Model, frozen=True):
    """How a driver takes snapshots."""

    deletion_policy: DeletionPolicy
    driver: str
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    parameters: dict[str, str] = {}
