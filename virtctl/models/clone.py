"""``VirtualMachineClone``: a copy of a machine."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import NULLABLE, Fact, Model, Time
from virtctl.models.meta import Condition, ObjectMeta
from virtctl.models.references import TypedReference


class CloneTemplateFilters(Model, frozen=True):
    """Which labels and annotations of the template are copied."""

    annotation_filters: tuple[str, ...] = ()
    label_filters: tuple[str, ...] = ()


class CloneSpec(Model, frozen=True):
    """What is copied, to where, and what is changed on the way."""

    source: TypedReference
    """A machine or a snapshot."""
    annotation_filters: tuple[str, ...] = ()
    """Patterns of annotations to copy; ``!`` in front leaves them out."""
    label_filters: tuple[str, ...] = ()
    """Patterns of labels to copy; ``!`` in front leaves them out."""
    new_mac_addresses: dict[str, str] = {}
    """MAC addresses by interface; the others get new ones."""
    new_sm_bios_serial: str | None = msgspec.field(name="newSMBiosSerial", default=None)
    patches: tuple[str, ...] = ()
    """JSON patches of the copy, as text."""
    target: TypedReference | None = None
    """The copy; a name is made up when there is none."""
    template: CloneTemplateFilters | None = None
    volume_name_policy: Annotated[str, Fact(enum=("RandomizeNames", "PrefixTargetName"))] = ""
    """How claims of the copy are called."""


class CloneStatus(Model, frozen=True):
    """How far a clone has come."""

    conditions: tuple[Condition, ...] = ()
    creation_time: Annotated[Time | None, NULLABLE] = None
    phase: str = ""
    """SnapshotInProgress, CreatingTargetVM, RestoreInProgress, Succeeded, Failed or Unknown."""
    restore_name: Annotated[str | None, NULLABLE] = None
    snapshot_name: Annotated[str | None, NULLABLE] = None
    target_name: Annotated[str | None, NULLABLE] = None


class VirtualMachineClone(Model, frozen=True):
    """Makes a machine that is a copy of another, or of a snapshot."""

    spec: CloneSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: CloneStatus | None = None
