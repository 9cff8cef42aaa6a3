"""Whether a running instance can be moved to another node, and why not (api.md §4.3). Pure.

Reasons and messages are KubeVirt's, and stand in the order in which virt-handler looks for them;
``MigrationNotServed`` is ours, for what KubeVirt moves and we do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.local.networks.linknames import is_primary
from virtctl.local.runtime import podmanifest
from virtctl.local.runtime.conditions import condition
from virtctl.models.documents import (
    Document,
    child,
    find,
    flag,
    items,
    objects,
    strings,
    text,
)

NOT_SERVED = "MigrationNotServed"
_BRIDGE = "kubevirt.io/allow-pod-bridge-network-live-migration"
_INTERFACES = (
    "cannot migrate VMI which does not use masquerade, bridge with "
    f"{_BRIDGE} VM annotation or a migratable plugin to connect to the pod network"
)


def live_migratable(vmi: Document) -> Document:
    """The condition ``LiveMigratable``."""
    for reason, message in _obstacles(vmi):
        return condition("LiveMigratable", "False", reason=reason, message=message)
    return condition("LiveMigratable", "True")


def method(vmi: Document) -> str:
    """How its disks get there, in KubeVirt's words: those that all nodes share need no copy."""
    volumes = list(objects(vmi, "spec", "volumes"))
    shared = all(podmanifest.claim_of(volume) for volume in volumes)
    return "LiveMigration" if shared else "BlockMigration"


def _obstacles(vmi: Document) -> Iterator[tuple[str, str]]:
    devices = child(vmi, "spec", "domain", "devices")
    yield from _disks(vmi)
    yield from _interfaces(vmi)
    if any(objects(devices, "filesystems")):
        yield "VirtIOFSNotLiveMigratable", "VMI uses virtiofs"
    if any(objects(devices, "hostDevices")) or any(objects(devices, "gpus")):
        yield "HostDeviceNotLiveMigratable", "VMI uses a PCI host devices"
    for kind in ("sev", "tdx", "secureExecution"):
        if find(vmi, "spec", "domain", "launchSecurity", kind) is not None:
            name = {"sev": "SEV", "tdx": "TDX", "secureExecution": "SecureExecution"}[kind]
            yield f"{name}NotLiveMigratable", f"VMI uses {name}"
    if any(flag(disk, "lun", "reservation") for disk in objects(devices, "disks")):
        yield "PersistentReservationNotLiveMigratable", "VMI uses SCSI persistent reservation"
    yield from _not_served(vmi)


def _disks(vmi: Document) -> Iterator[tuple[str, str]]:
    known = {text(one, "name"): one for one in objects(vmi, "status", "volumeStatus")}
    for volume in objects(vmi, "spec", "volumes"):
        claim = podmanifest.claim_of(volume)
        modes = items(
            known.get(text(volume, "name"), {}), "persistentVolumeClaimInfo", "accessModes"
        )
        if claim and "ephemeral" not in volume and "ReadWriteMany" not in modes:
            message = (
                f"cannot migrate VMI: PVC {claim} is not shared, live migration requires that all "
                "PVCs must be shared (using ReadWriteMany access mode)"
            )
            yield "DisksNotLiveMigratable", message
        if "hostDisk" in volume and not flag(volume, "hostDisk", "shared"):
            yield "DisksNotLiveMigratable", "cannot migrate VMI with non-shared HostDisk"


def _interfaces(vmi: Document) -> Iterator[tuple[str, str]]:
    primary = {text(one, "name") for one in objects(vmi, "spec", "networks") if is_primary(one)}
    allowed = _BRIDGE in strings(vmi, "metadata", "annotations")
    for interface in objects(vmi, "spec", "domain", "devices", "interfaces"):
        if text(interface, "name") not in primary or "masquerade" in interface:
            continue
        if "bridge" in interface and not allowed:
            yield "InterfaceNotLiveMigratable", _INTERFACES


def _not_served(vmi: Document) -> Iterator[tuple[str, str]]:
    """What is not moved here, though KubeVirt would."""
    devices = child(vmi, "spec", "domain", "devices")
    for interface in objects(devices, "interfaces"):
        for kind in ("passtBinding", "sriov", "binding"):
            if interface.get(kind) is not None:
                name = text(interface, "name")
                yield (
                    NOT_SERVED,
                    f"the interface {name} has a binding whose guests are not moved here yet",
                )
    if find(devices, "tpm") is not None:
        yield NOT_SERVED, "machines with a TPM are not moved here yet"
    if text(vmi, "status", "changedBlockTracking", "state") == "Enabled":
        yield NOT_SERVED, "machines whose changed blocks are tracked are not moved here yet"
    for known in objects(vmi, "status", "volumeStatus"):
        if text(known, "persistentVolumeClaimInfo", "volumeMode") == "Block":
            name = text(known, "name")
            yield NOT_SERVED, f"the volume {name} is in block mode, which is not moved here yet"
        if find(known, "hotplugVolume") is not None:
            yield NOT_SERVED, "machines with volumes that were plugged in are not moved here yet"
