"""Defaults of an instance's disks, volumes, interfaces and small devices."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_TARGETS = ("disk", "cdrom", "lun")


class Undefaultable(ValueError):
    """A default that the cluster's configuration rules out; the text is what clients see."""


def default_pull_policies(spec: Document) -> None:
    """``Always`` for images without tag or digest and for ``latest``, else ``IfNotPresent``.

    A registry's port counts as a tag, as it does in KubeVirt.
    """
    for volume in documents.objects(spec, "volumes"):
        disk = documents.child(volume, "containerDisk")
        if disk and not disk.get("imagePullPolicy"):
            disk["imagePullPolicy"] = pull_policy(documents.text(disk, "image"))


def pull_policy(image: str) -> str:
    """The pull policy of an image reference that has none."""
    named = ":" in image or "@" in image
    return "IfNotPresent" if named and not image.endswith(":latest") else "Always"


def default_network(spec: Document, context: AdmissionContext) -> None:
    """A NIC on the pod network, unless networks or interfaces are listed or it is unwanted.

    Raises ``Undefaultable`` when the cluster's binding cannot be used.
    """
    devices = documents.ensure(spec, "domain", "devices")
    if devices.get("autoattachPodInterface") is False:
        return
    if documents.items(spec, "networks") or documents.items(devices, "interfaces"):
        return
    binding = context.default_binding
    if binding == "slirp":
        raise Undefaultable("slirp interface is deprecated as of v1.3")
    if binding == "bridge" and not context.permits_bridge:
        raise Undefaultable("bridge interface is not enabled in kubevirt-config")
    spec["networks"] = [{"name": "default", "pod": {}}]
    devices["interfaces"] = [{"name": "default", binding: {}}]


def with_missing_disks(spec: Document) -> Document:
    """``spec`` with a disk for each volume that nothing uses; ``spec`` itself is not changed."""
    devices = documents.child(spec, "domain", "devices")
    disks = list(documents.objects(devices, "disks"))
    used = {disk.get("name") for disk in disks}
    used |= {item.get("name") for item in documents.objects(devices, "filesystems")}
    disks.extend(
        {"name": documents.text(volume, "name")}
        for volume in documents.objects(spec, "volumes")
        if volume.get("name") not in used and "memoryDump" not in volume
    )
    if not disks:
        return spec
    domain: Document = {
        **documents.child(spec, "domain"),
        "devices": {**devices, "disks": [*disks]},
    }
    return {**spec, "domain": domain}


def default_disks(spec: Document) -> None:
    """A disk for each volume that nothing uses; a target and a bus for each disk."""
    spec.update(with_missing_disks(spec))
    devices = documents.ensure(spec, "domain", "devices")
    architecture = documents.text(spec, "architecture")
    for disk in documents.objects(devices, "disks"):
        _default_target(disk, architecture)
        _switch_on(documents.find(disk, "blockSize", "matchVolume"))
    for gpu in documents.objects(devices, "gpus"):
        _switch_on(documents.find(gpu, "virtualGPUOptions", "display", "ramFB"))
    for entry in documents.objects(devices, "inputs"):
        entry["bus"] = entry.get("bus") or "usb"
        entry["type"] = entry.get("type") or "tablet"
    _default_watchdog(devices, architecture)


def _switch_on(state: JsonValue) -> None:
    if isinstance(state, dict):
        state.setdefault("enabled", True)


def _default_target(disk: Document, architecture: str) -> None:
    if not any(disk.get(name) is not None for name in _TARGETS):
        disk["disk"] = {}
    for name in _TARGETS:
        target = disk.get(name)
        if not isinstance(target, dict):
            continue
        if not target.get("bus"):
            target["bus"] = _DISK_BUSES.get(architecture, "sata")
        if name == "cdrom":
            target.setdefault("tray", "closed")
            target.setdefault("readonly", True)


_DISK_BUSES = {"arm64": "virtio", "s390x": "virtio"}
_WATCHDOGS = {"arm64": "", "s390x": "diag288"}


def _default_watchdog(devices: Document, architecture: str) -> None:
    kind = _WATCHDOGS.get(architecture, "i6300esb")
    watchdog = documents.child(devices, "watchdog")
    if watchdog and kind:
        model = documents.ensure(watchdog, kind)
        if not model.get("action"):
            model["action"] = "reset"
