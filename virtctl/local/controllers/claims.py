"""PersistentVolumeClaims bound to local directories, one PersistentVolume each.

The controller binds; the node agent makes the directory and the disk in it, and removes both when
the volume is gone. ``local`` is the default storage class; others with its provisioner may
say that claims wait for their first consumer, or that volumes are retained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import fillings, reconcile, volumecopies
from virtctl.local.runtime.changes import Announce, Change, Create, delete, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import finalizers, is_deleting, with_finalizer, without_finalizer
from virtctl.local.runtime.podmanifest import claim_of
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    child,
    find,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    POD,
    PV,
    PVC,
    STORAGE_CLASS,
    VIRTUAL_MACHINE_INSTANCE,
    VOLUME_SNAPSHOT_CLASS,
)
from virtctl.wire.quantities import parse_quantity

CLASS = "local"
PROVISIONER = "local.virtctl.io/directory"
_PROTECTION = "kubernetes.io/pvc-protection"
_OVER = {"Succeeded", "Failed"}
_AT_ONCE = "cdi.kubevirt.io/storage.bind.immediate.requested"
_EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the "
    "system administrator. If volume creation is delayed, please verify that the provisioner is "
    "running and correctly registered."
)
_RESERVE = 256 << 20  # bytes that the host keeps for itself


@dataclass(frozen=True)
class Room:
    """What the file system of the volumes has: bytes in all, and bytes that are free."""

    total: int
    free: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A claim, its volume, and the pods that use it; a volume alone has lost its claim.

    ``storage_class`` is the one that it names, ``taken`` tells that a volume which was retained has
    its directory, ``wanted`` that a machine which is to start names the claim: its pod is made when
    its claims are filled, so that the claim cannot wait for the pod.
    """

    claim: Document | None = None
    volume: Document | None = None
    used_by: tuple[str, ...] = ()
    storage_class: Document | None = None
    taken: bool = False
    wanted: bool = False
    room: Room | None = None


class ClaimController:
    """Binds claims to directories under ``volumes``."""

    name = "claims"
    component = "persistentvolume-controller"

    def __init__(self, volumes: Path, room: Callable[[], Room | None] | None = None) -> None:
        """``room`` tells what the file system of ``volumes`` has, None when that is not known."""
        self._volumes = volumes
        self._room = room or (lambda: None)

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Claims, their volumes, and the machines and pods that use them."""
        return (
            Watched(PVC, reconcile.itself),
            Watched(PV, _claim_of_volume),
            Watched(POD, _claims_of_pod),
            Watched(VIRTUAL_MACHINE_INSTANCE, _claims_of_machine),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Make the storage class, then run until cancelled."""
        if not service.list(STORAGE_CLASS).items:
            service.create(STORAGE_CLASS, None, storage_class())
        if not service.list(VOLUME_SNAPSHOT_CLASS).items:
            service.create(VOLUME_SNAPSHOT_CLASS, None, volumecopies.snapshot_class(PROVISIONER))
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The claim of ``key``, or a volume whose claim is gone."""
        try:
            claim = service.get(PVC, *key)
        except NotFound:
            abandoned = _abandoned(service, key)
            return Seen(volume=abandoned) if abandoned is not None else None
        name = text(claim, "spec", "volumeName") or volume_name(claim)
        volume = None
        for found in service.list(PV).items:
            if name_of(found) == name:
                volume = found
        users = [
            name_of(pod)
            for pod in service.list(POD, key.namespace).items
            if key in _claims_of_pod(pod) and text(pod, "status", "phase") not in _OVER
        ]
        return Seen(
            claim=claim,
            volume=volume,
            used_by=tuple(users),
            storage_class=service.find(STORAGE_CLASS, None, class_of(claim)),
            wanted=volume is None and _is_wanted(service, key),
            taken=any(
                text(one, "spec", "hostPath", "path") == str(self._usual(claim))
                and name_of(one) != name
                for one in service.list(PV).items
            ),
            room=None if volume is not None else self._room(),
        )

    def _usual(self, claim: Document) -> Path:
        return self._volumes / namespace_of(claim) / name_of(claim)

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one claim."""
        del now
        if seen.claim is None:
            return [delete(PV, seen.volume)] if seen.volume is not None else []
        if is_deleting(seen.claim):
            return _release(seen.claim, seen)
        if text(seen.claim, "status", "phase") == "Bound":
            return [] if seen.volume is not None else _lost(seen.claim)
        why = _unbound(seen.claim, seen)
        if why is not None:
            return [why]
        return self._bind(seen.claim, seen.volume, seen)

    def _bind(self, claim: Document, volume: Document | None, seen: Seen) -> list[Change]:
        name = volume_name(claim)
        path = self._usual(claim)
        if seen.taken:
            path = path.with_name(f"{path.name}.{uid_of(claim)[:8]}")
        made: list[Change] = []
        if volume is None:
            policy = text(seen.storage_class or {}, "reclaimPolicy", default="Delete")
            made.append(Create(kind=PV, document=build_volume(claim, path, policy)))
            message = f"Successfully provisioned volume {name}"
            made.append(Announce(about=claim, reason="ProvisioningSucceeded", message=message))
        body: Document = {"spec": {"volumeName": name, "storageClassName": class_of(claim)}}
        if _PROTECTION not in finalizers(claim):
            body.update(with_finalizer(claim, _PROTECTION))
        made.append(patch(PVC, claim, body))
        status: Document = {
            "phase": "Bound",
            "accessModes": find(claim, "spec", "accessModes"),
            "capacity": {"storage": requested(claim)},
        }
        made.extend(status_patch(PVC, claim, status))
        if volume is None or text(volume, "status", "phase") != "Bound":
            bound: Document = {"status": {"phase": "Bound"}}
            made.append(patch(PV, {"metadata": {"name": name}}, bound, subresource="status"))
        return made


def storage_class() -> Document:
    """The class ``local``."""
    return {
        "apiVersion": STORAGE_CLASS.api_version,
        "kind": STORAGE_CLASS.name,
        "metadata": {
            "name": CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


def volume_name(claim: Document) -> str:
    """Name of the volume that is made for ``claim``."""
    return f"pvc-{uid_of(claim)}"


def requested(claim: Document) -> str:
    """``spec.resources.requests.storage``."""
    return text(claim, "spec", "resources", "requests", "storage", default="1Gi")


def class_of(claim: Document) -> str:
    """The storage class that a claim names, or the default."""
    return text(claim, "spec", "storageClassName") or CLASS


def build_volume(claim: Document, path: Path, policy: str = "Delete") -> Document:
    """The volume of ``claim``: a directory at ``path``; ``policy`` says what becomes of it."""
    return {
        "apiVersion": PV.api_version,
        "kind": PV.name,
        "metadata": {
            "name": volume_name(claim),
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "accessModes": find(claim, "spec", "accessModes"),
            "capacity": {"storage": requested(claim)},
            "volumeMode": text(claim, "spec", "volumeMode", default="Filesystem"),
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": class_of(claim),
            "hostPath": {"path": str(path), "type": "DirectoryOrCreate"},
            "claimRef": {
                "apiVersion": PVC.api_version,
                "kind": PVC.name,
                "namespace": namespace_of(claim),
                "name": name_of(claim),
                "uid": uid_of(claim),
            },
        },
    }


def _unbound(claim: Document, seen: Seen) -> Announce | None:
    """Why a claim stays Pending; None when it can be bound."""
    if _waits(seen):
        message = "waiting for first consumer to be created before binding"
        return Announce(about=claim, reason="WaitForFirstConsumer", message=message)
    provisioner = text(seen.storage_class or {}, "provisioner")
    if provisioner and provisioner != PROVISIONER:
        message = _EXTERNAL.format(provisioner)
        return Announce(about=claim, reason="ExternalProvisioning", message=message)
    problem = _problem(claim, seen)
    if problem:
        return Announce(about=claim, reason="ProvisioningFailed", message=problem, warning=True)
    return None


def _waits(seen: Seen) -> bool:
    """Whether a claim waits for its first consumer; for one that is filled at once CDI's worker is
    that.
    """
    mode = text(seen.storage_class or {}, "volumeBindingMode")
    hurries = _AT_ONCE in strings(seen.claim or {}, "metadata", "annotations")
    consumed = bool(seen.used_by) or seen.wanted or hurries
    return mode == "WaitForFirstConsumer" and not consumed and seen.volume is None


def _problem(claim: Document, seen: Seen) -> str:
    """Why the claim stays Pending; empty when it can be bound."""
    asked = class_of(claim)
    if asked != CLASS and seen.storage_class is None:
        return (
            f'storageclass.storage.k8s.io "{asked}" not found; `{CLASS}` is the class of this '
            "control plane"
        )
    if seen.room is not None:
        full = _no_room(claim, seen.room)
        if full:
            return full
    if text(claim, "spec", "volumeName"):
        return f'persistentvolume "{text(claim, "spec", "volumeName")}" not found'
    origin = fillings.content_reference(claim)
    if origin is not None and origin[0] not in fillings.CONTENTS:
        known = ", ".join(fillings.CONTENTS)
        return f"nothing fills a claim from a {origin[0]}; `spec.dataSourceRef` may be a {known}"
    return ""


def _no_room(claim: Document, room: Room) -> str:
    """Why the host's disk cannot hold a claim; empty when it can. Disks take what is written only,
    so the sum of all may be more than there is.
    """
    wanted = parse_quantity(requested(claim)).value
    if wanted > room.total:
        return (
            f"the claim asks for {requested(claim)}, and the file system of the volumes has "
            f"{room.total >> 20}Mi in all"
        )
    if room.free < _RESERVE:
        return (
            f"the file system of the volumes is nearly full ({room.free >> 20}Mi left); delete "
            "claims or snapshots, or make room on the host"
        )
    return ""


def _release(claim: Document, seen: Seen) -> list[Change]:
    if seen.used_by or _PROTECTION not in finalizers(claim):
        return []
    made: list[Change] = [patch(PVC, claim, without_finalizer(claim, _PROTECTION))]
    if seen.volume is not None and not _is_kept(seen.volume):
        made.append(delete(PV, seen.volume))
    elif seen.volume is not None:
        released: Document = {"status": {"phase": "Released"}}
        made.append(patch(PV, seen.volume, released, subresource="status"))
    return made


def _is_kept(volume: Document) -> bool:
    return text(volume, "spec", "persistentVolumeReclaimPolicy") == "Retain"


def _lost(claim: Document) -> list[Change]:
    status = dict(child(claim, "status")) | {"phase": "Lost"}
    return list(status_patch(PVC, claim, status))


def _abandoned(service: ApiService, key: Key) -> Document | None:
    """A volume that was made for the claim of ``key``, which is gone."""
    for volume in service.list(PV).items:
        ours = text(volume, "metadata", "annotations", "pv.kubernetes.io/provisioned-by")
        if _is_kept(volume):
            continue
        if ours == PROVISIONER and key in _claim_of_volume(volume) and not is_deleting(volume):
            return volume
    return None


def _is_wanted(service: ApiService, key: Key) -> bool:
    """Whether a machine that is to start names the claim of ``key``."""
    return any(
        key in _claims_of_machine(one) and text(one, "status", "phase") not in _OVER
        for one in service.list(VIRTUAL_MACHINE_INSTANCE, key.namespace).items
    )


def _claims_of_machine(vmi: Document) -> Iterable[Key]:
    names = (claim_of(volume) for volume in objects(vmi, "spec", "volumes"))
    return tuple(Key(namespace_of(vmi), name) for name in names if name)


def _claim_of_volume(volume: Document) -> Iterable[Key]:
    claim = child(volume, "spec", "claimRef")
    return (Key(text(claim, "namespace"), text(claim, "name")),) if claim else ()


def _claims_of_pod(pod: Document) -> Iterable[Key]:
    if not items(pod, "spec", "volumes"):
        return ()
    names = [
        text(volume, "persistentVolumeClaim", "claimName")
        for volume in objects(pod, "spec", "volumes")
    ]
    return tuple(Key(namespace_of(pod), name) for name in names if name)
