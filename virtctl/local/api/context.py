"""``AdmissionContext``: all that defaults and rules may know besides the document itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

# Gates that are on unless the KubeVirt object disables them.
_ON_BY_DEFAULT = frozenset(
    {
        "DecentralizedLiveMigration",
        "DeclarativeHotplugVolumes",
        "GPUsWithDRA",
        "HostDevicesWithDRA",
        "ImageVolume",
        "OptOutRoleAggregation",
        "PasstBinding",
        "RebootPolicy",
        "Snapshot",
        "Template",
        "WorkloadEncryptionSEV",
    }
)
# Gates of features that can no longer be switched off.
_ALWAYS_ON = frozenset({"NUMA", "PanicDevices", "VMExport", "VideoConfig"})
_MACHINE_TYPES = {"amd64": "q35", "arm64": "virt", "s390x": "s390-ccw-virtio"}


class Addresses(Protocol):
    """The MAC addresses of the cluster."""

    def assign(self, owner: str) -> str:
        """A free address for ``owner``; empty when the pool gives none for this write."""

    def claim(self, mac: str, owner: str) -> None:
        """Have an address of the owner's own choice. Raises ``ApiError`` when another has it."""


class NoAddresses:
    """Gives out no address and knows of none."""

    def assign(self, owner: str) -> str:
        """Nothing."""
        del owner
        return ""

    def claim(self, mac: str, owner: str) -> None:
        """Anything may be had."""
        del mac, owner


class Stored(Protocol):
    """The objects that are stored, for rules that look at others."""

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object; None when it is not there."""

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        """The objects of a namespace; of all when it is empty."""


class NothingStored:
    """There are no other objects."""

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Nothing."""
        del kind, namespace, name
        return None

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        """Nothing."""
        del kind, namespace
        return ()


@dataclass(frozen=True)
class AdmissionContext:
    """One write. ``configuration`` is ``spec.configuration`` of the KubeVirt object, and
    ``cluster_notes`` are its annotations.

    ``old`` is None on create. ``now`` is an RFC 3339 time.
    """

    configuration: Document = field(default_factory=dict)
    cluster_notes: Mapping[str, str] = field(default_factory=dict)
    old: Document | None = None
    subresource: str = ""
    system: bool = False
    host_architecture: str = "amd64"
    now: str = ""
    new_uuid: Callable[[], str] = lambda: ""
    macs: Addresses = field(default_factory=NoAddresses)
    warnings: list[str] = field(default_factory=list)
    stored: Stored = field(default_factory=NothingStored)

    @property
    def is_create(self) -> bool:
        """Whether the object is new."""
        return self.old is None

    @property
    def is_live_update(self) -> bool:
        """Whether changes of a template reach running instances (``vmRolloutStrategy``)."""
        return documents.text(self.configuration, "vmRolloutStrategy") != "Stage"

    @property
    def default_architecture(self) -> str:
        """Architecture of machines that name none."""
        path = ("architectureConfiguration", "defaultArchitecture")
        return documents.text(self.configuration, *path) or self.host_architecture

    @property
    def default_binding(self) -> str:
        """Binding of the NIC of machines that list none."""
        path = ("network", "defaultNetworkInterface")
        return documents.text(self.configuration, *path) or "bridge"

    @property
    def permits_bridge(self) -> bool:
        """Whether guests may be bridged into the pod's own network."""
        path = ("network", "permitBridgeInterfaceOnPodNetwork")
        return documents.flag(self.configuration, *path, default=True)

    @property
    def permits_reservations(self) -> bool:
        """Whether disks may be reserved on the storage; a gate is the older way to say so."""
        said = documents.find(self.configuration, "persistentReservationConfiguration", "enabled")
        return said if isinstance(said, bool) else self.has_gate("PersistentReservation")

    def has_gate(self, name: str) -> bool:
        """Whether a feature gate is on."""
        path = ("developerConfiguration", "featureGates")
        if name in _ALWAYS_ON or name in documents.items(self.configuration, *path):
            return True
        disabled = ("developerConfiguration", "disabledFeatureGates")
        return name in _ON_BY_DEFAULT and name not in documents.items(self.configuration, *disabled)

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """A stored object; None when it is not there."""
        return self.stored.get(kind, namespace, name)

    def list(self, kind: Kind, namespace: str) -> Iterable[Document]:
        """The stored objects of a namespace."""
        return self.stored.list(kind, namespace)

    def machine_type(self, architecture: str) -> str:
        """Machine type of machines of ``architecture`` that name none."""
        given = documents.text(self.configuration, "machineType") or documents.text(
            self.configuration, "architectureConfiguration", architecture, "machineType"
        )
        return given or _MACHINE_TYPES.get(architecture, "q35")
