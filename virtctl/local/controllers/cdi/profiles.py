"""A StorageProfile for each StorageClass: what claims of it get when they do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Create, delete, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, JsonValue, child, items, name_of, text
from virtctl.models.kinds import STORAGE_CLASS, STORAGE_PROFILE, VOLUME_SNAPSHOT_CLASS

_LABELS: Document = {
    "app": "containerized-data-importer",
    "app.kubernetes.io/component": "storage",
    "app.kubernetes.io/managed-by": "cdi-controller",
    "cdi.kubevirt.io": "",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A class and its profile, one of which may be missing, and a snapshot class's name."""

    name: str
    storage_class: Document | None = None
    profile: Document | None = None
    snapshots: str = ""


class ProfileController:
    """Keeps the profiles. ``provisioner`` is ours: what its volumes are good for is known."""

    name = "storage profiles"
    component = "storageprofile-controller"

    def __init__(self, provisioner: str) -> None:
        self._provisioner = provisioner

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Classes and profiles, which share their names."""
        return (
            Watched(STORAGE_CLASS, reconcile.itself),
            Watched(STORAGE_PROFILE, reconcile.itself),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The class and the profile of a name."""
        found = service.find(STORAGE_CLASS, None, key.name)
        driver = text(found or {}, "provisioner")
        snapshots = [
            name_of(one)
            for one in service.list(VOLUME_SNAPSHOT_CLASS).items
            if text(one, "driver") == driver
        ]
        return Seen(
            name=key.name,
            storage_class=found,
            profile=service.find(STORAGE_PROFILE, None, key.name),
            snapshots=snapshots[0] if snapshots else "",
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The profile, its status, or its end with its class."""
        del now
        if seen.storage_class is None:
            gone = seen.profile is None or is_deleting(seen.profile)
            return [] if gone or seen.profile is None else [delete(STORAGE_PROFILE, seen.profile)]
        if seen.profile is None:
            return [Create(kind=STORAGE_PROFILE, document=_new(seen.name))]
        wanted = self._status(seen.storage_class, seen.profile, seen.snapshots)
        return list(status_patch(STORAGE_PROFILE, seen.profile, wanted))

    def _status(self, storage_class: Document, profile: Document, snapshots: str) -> Document:
        spec = child(profile, "spec")
        given = items(spec, "claimPropertySets")
        ours = text(storage_class, "provisioner") == self._provisioner
        made: Document = {
            "storageClass": name_of(storage_class),
            "provisioner": text(storage_class, "provisioner"),
            "cloneStrategy": text(spec, "cloneStrategy") or "copy",
            "dataImportCronSourceFormat": text(spec, "dataImportCronSourceFormat") or "pvc",
        }
        if snapshots:
            made["snapshotClass"] = text(spec, "snapshotClass") or snapshots
        if given or ours:
            made["claimPropertySets"] = given or _OURS
        return made


def _modes(*modes: str, volume: str) -> JsonValue:
    return {"accessModes": list(modes), "volumeMode": volume}


# All nodes are on one machine and see the same directories.
_OURS: list[JsonValue] = [
    _modes("ReadWriteMany", volume="Filesystem"),
    _modes("ReadWriteOnce", volume="Filesystem"),
    _modes("ReadWriteMany", volume="Block"),
    _modes("ReadWriteOnce", volume="Block"),
]


def _new(name: str) -> Document:
    return {
        "apiVersion": STORAGE_PROFILE.api_version,
        "kind": STORAGE_PROFILE.name,
        "metadata": {"name": name, "labels": _LABELS},
        "spec": {},
    }
