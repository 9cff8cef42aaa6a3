"""Take VolumeSnapshots: copies of claims' disks, those of one machine all in the same moment.

A disk that a guest has is copied by its launcher as it was when the guest's agent had frozen its
file systems, if there is one. Other disks are copied here, and again when somebody took
one meanwhile. A copy gets its name when it is whole and on the host's disk; only then its
VolumeSnapshot becomes ready. What a daemon that ended left undone is done again by the next.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.lifecycle import Command
from virtctl.errors import ApiError, LocalError
from virtctl.local.api.service import ApiService
from virtctl.local.imports import frozen
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.gathering import DISK, Missing, claim_place
from virtctl.local.node.materials import ClaimPlace
from virtctl.local.node.ondisk import guest_place
from virtctl.local.runtime import fillings, reconcile, volumecopies
from virtctl.local.runtime.changes import Create, Delete, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.local.runtime.owners import controller_of, is_deleting
from virtctl.local.runtime.podmanifest import claim_of
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    name_of,
    namespace_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    POD,
    PVC,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE_INSTANCE,
    VOLUME_SNAPSHOT,
    VOLUME_SNAPSHOT_CONTENT,
)

log = logging.getLogger(__name__)

COMPONENT = "csi-snapshotter"
_PATIENCE = 2.0  # seconds between two attempts
_TREE = "tree"  # of a claim that holds files: the state of firmware and TPM, dumps of memory
_UNKEPT = "cbt"  # overlays of disks as they are now, not of copies
_OVER = {"Succeeded", "Failed"}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One VolumeSnapshot, the disk that it is of, and where its copy goes."""

    snapshot: Document
    claim: str
    place: ClaimPlace
    target: Path
    is_tree: bool = False

    @property
    def handle(self) -> str:
        """Where the copy's disk is, or would be beside its files."""
        return str(self.target / DISK if self.is_tree else self.target)


class Snapshots:
    """Takes the VolumeSnapshots of an instance whose class has ``driver``."""

    name = "snapshots"

    def __init__(
        self, service: ApiService, layout: InstanceLayout, clock: Clock, driver: str
    ) -> None:
        self._service = service
        self._layout = layout
        self._clock = clock
        self._driver = driver
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._removals: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        await self._sweep()
        try:
            await Informer(self._service, VOLUME_SNAPSHOT, self._seen).run()
        finally:
            tasks = [*self._tasks.values(), *self._removals]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        """Remove the copies whose VolumeSnapshots went while nobody looked."""
        known = {uid_of(one) for one in self._service.list(VOLUME_SNAPSHOT).items}
        for content in self._service.list(VOLUME_SNAPSHOT_CONTENT).items:
            lost = text(content, "spec", "volumeSnapshotRef", "uid") not in known
            if text(content, "spec", "driver") == self._driver and lost:
                self._forget(content)
        kept = {
            parent.name
            for one in self._service.list(VOLUME_SNAPSHOT_CONTENT).items
            for parent in Path(text(one, "status", "snapshotHandle")).parents
        }
        home = self._layout.snapshots
        for entry in sorted(home.iterdir()) if home.is_dir() else []:
            if entry.name not in known | kept:
                await asyncio.to_thread(shutil.rmtree, entry, ignore_errors=True)

    def _seen(self, seen: Seen) -> None:
        snapshot = seen.latest
        if seen.new is None:
            self._remove(snapshot)
            return
        if flag(snapshot, "status", "readyToUse") or is_deleting(snapshot):
            return
        group = self._group(snapshot)
        if group and group not in self._tasks:
            task = asyncio.create_task(self._take(snapshot), name=f"snapshot {group}")
            self._tasks[group] = task
            task.add_done_callback(lambda done: self._ended(group, done))

    def _ended(self, group: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(group, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())

    def _group(self, snapshot: Document) -> str:
        """What is taken together: a machine's volumes; empty while some are not there yet."""
        whole = self._whole(snapshot)
        if whole is None:
            return uid_of(snapshot)
        return uid_of(whole) if len(self._members(snapshot)) == _size(whole) else ""

    def _whole(self, snapshot: Document) -> Document | None:
        owner = controller_of(snapshot)
        if owner is None or text(owner, "kind") != SNAPSHOT_CONTENT.name:
            return None
        return self._service.find(SNAPSHOT_CONTENT, namespace_of(snapshot), text(owner, "name"))

    def _members(self, snapshot: Document) -> list[Document]:
        """The VolumeSnapshots that belong together, as they are now."""
        namespace, whole = namespace_of(snapshot), self._whole(snapshot)
        names = [name_of(snapshot)]
        if whole is not None:
            names = [
                text(one, "volumeSnapshotName") for one in objects(whole, "spec", "volumeBackups")
            ]
        found = [self._service.find(VOLUME_SNAPSHOT, namespace, name) for name in names]
        return [one for one in found if one is not None]

    async def _take(self, snapshot: Document) -> None:
        """Until all of a group are ready, or gone."""
        while True:
            members = self._members(snapshot)
            waiting = [one for one in members if not flag(one, "status", "readyToUse")]
            if not waiting:
                return
            try:
                await self._attempt(members)
            except (Missing, LauncherError, LocalError) as error:
                log.warning("snapshot of %s: %s", name_of(snapshot), error)
                for one in waiting:
                    self._status(one, {"error": self._error(str(error)), "readyToUse": False})
                await asyncio.sleep(_PATIENCE)

    async def _attempt(self, members: list[Document]) -> None:
        """Copy the disks of a group. Raises ``Missing``, ``LauncherError`` and ``LocalError``."""
        parts = [self._part(one) for one in members]
        for part in parts:
            await asyncio.to_thread(frozen.make_place, part.target)
        users = self._users(parts)
        moment = stamp(self._clock.now())
        way = await self._online(parts, users) if any(users.values()) else ""
        for part in parts:
            if part.is_tree or not users[part.claim]:
                await asyncio.to_thread(_copy, part)
        if self._users(parts) != users:
            raise LocalError("the machine was started or stopped meanwhile")
        for part in parts:
            publish = frozen.publish_tree if part.is_tree else frozen.publish
            size = await asyncio.to_thread(publish, part.target)
            self._done(part, moment, size, way if users[part.claim] else "")

    def _part(self, snapshot: Document) -> _Part:
        namespace = namespace_of(snapshot)
        claim = text(snapshot, "spec", "source", "persistentVolumeClaimName")
        found = self._service.find(PVC, namespace, claim)
        if found is None:
            raise Missing(f'persistentvolumeclaim "{claim}" not found')
        if not fillings.is_filled(found):
            raise Missing(f'persistentvolumeclaim "{claim}" is not filled yet')
        is_tree = volumecopies.is_tree(found)
        return _Part(
            snapshot=snapshot,
            claim=claim,
            place=claim_place(self._service, namespace, claim),
            target=self._layout.snapshots / uid_of(snapshot) / (_TREE if is_tree else DISK),
            is_tree=is_tree,
        )

    def _users(self, parts: list[_Part]) -> dict[str, str]:
        """The uid of the instance that has each claim; empty when nobody has it."""
        namespace = namespace_of(parts[0].snapshot)
        pods = self._service.list(POD, namespace).items
        return {part.claim: user_of(pods, part.claim) for part in parts}

    async def _online(self, parts: list[_Part], users: dict[str, str]) -> str:
        """Have the launcher copy what its guest has; KubeVirt's indication of how."""
        uids = {uid for uid in users.values() if uid}
        if len(uids) > 1:
            raise LocalError("the disks are in use by several machines")
        uid = uids.pop()
        vmi = self._instance(namespace_of(parts[0].snapshot), uid)
        names = {claim_of(one): text(one, "name") for one in objects(vmi, "spec", "volumes")}
        disks: dict[str, JsonValue] = {
            names[part.claim]: str(frozen.partial(part.target))
            for part in parts
            if users[part.claim] and part.claim in names and not part.is_tree
        }
        place = guest_place(self._layout, uid)
        control = await lifecycle.connect(place)
        made = await control.request(Command.COPY, disks=disks, quiesce=True)
        return text(made, "quiesced") if isinstance(made, dict) else ""

    def _instance(self, namespace: str, uid: str) -> Document:
        for vmi in self._service.list(VIRTUAL_MACHINE_INSTANCE, namespace).items:
            if uid_of(vmi) == uid:
                return vmi
        raise Missing("the machine's instance is gone")

    def _done(self, part: _Part, moment: str, size: int, way: str) -> None:
        snapshot, content = part.snapshot, f"snapcontent-{uid_of(part.snapshot)}"
        self._carry_out(Create(kind=VOLUME_SNAPSHOT_CONTENT, document={
            "apiVersion": VOLUME_SNAPSHOT_CONTENT.api_version,
            "kind": VOLUME_SNAPSHOT_CONTENT.name,
            "metadata": {"name": content},
            "spec": {
                "deletionPolicy": "Delete",
                "driver": self._driver,
                "source": {"volumeHandle": part.place.path},
                "volumeSnapshotClassName": text(snapshot, "spec", "volumeSnapshotClassName"),
                "volumeSnapshotRef": {
                    "apiVersion": VOLUME_SNAPSHOT.api_version,
                    "kind": VOLUME_SNAPSHOT.name,
                    "namespace": namespace_of(snapshot),
                    "name": name_of(snapshot),
                    "uid": uid_of(snapshot),
                },
            },
        }))  # fmt: skip
        status: Document = {
            "snapshotHandle": part.handle, "readyToUse": True, "restoreSize": size,
        }  # fmt: skip
        named: Document = {"metadata": {"name": content}}
        self._carry_out(
            patch(VOLUME_SNAPSHOT_CONTENT, named, {"status": status}, subresource="status")
        )
        if way:
            marks: Document = {volumecopies.QUIESCED: way}
            self._carry_out(patch(VOLUME_SNAPSHOT, snapshot, {"metadata": {"annotations": marks}}))
        self._status(snapshot, {
            "boundVolumeSnapshotContentName": content, "readyToUse": True,
            "creationTime": moment, "restoreSize": str(size), "error": None,
        })  # fmt: skip

    def _error(self, message: str) -> Document:
        return {"message": message, "time": stamp(self._clock.now())}

    def _status(self, snapshot: Document, status: Document) -> None:
        known = child(self._service.find(
            VOLUME_SNAPSHOT, namespace_of(snapshot), name_of(snapshot)
        ) or {}, "status")  # fmt: skip
        if text(known, "error", "message") and text(known, "error", "message") == text(
            status, "error", "message"
        ):
            return
        self._carry_out(patch(VOLUME_SNAPSHOT, snapshot, {"status": status}, subresource="status"))

    def _remove(self, snapshot: Document) -> None:
        """A VolumeSnapshot that is gone takes its copy with it."""
        bound = text(snapshot, "status", "boundVolumeSnapshotContentName")
        content = self._service.find(VOLUME_SNAPSHOT_CONTENT, None, bound) if bound else None
        if content is not None and not self._forget(content):
            return
        place = self._layout.snapshots / uid_of(snapshot)
        removal = asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        task = asyncio.create_task(removal)
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    def _forget(self, content: Document) -> bool:
        """Delete the content of a snapshot that is gone, unless it is to be kept."""
        if text(content, "spec", "deletionPolicy") == "Retain":
            return False
        self._carry_out(Delete(kind=VOLUME_SNAPSHOT_CONTENT, namespace="", name=name_of(content)))
        return True

    def _carry_out(self, change: reconcile.Doable) -> None:
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("telling of a snapshot: %s", error)


def _copy(part: _Part) -> None:
    source, place = Path(part.place.path), frozen.partial(part.target)
    if part.is_tree:
        frozen.copy_tree(source.parent, place, without=_UNKEPT)
    else:
        frozen.copy(source, place, part.place.capacity)


def _size(whole: Document) -> int:
    return len(list(objects(whole, "spec", "volumeBackups")))


def user_of(pods: list[Document], claim: str) -> str:
    """The uid of the instance whose launcher, or a pod of that one's, has a claim."""
    launchers = {uid_of(pod): pod for pod in pods}
    for pod in _holders(pods, claim):
        owner = controller_of(pod) or {}
        if text(owner, "kind") == POD.name:
            owner = controller_of(launchers.get(text(owner, "uid"), {})) or {}
        if text(owner, "kind") == VIRTUAL_MACHINE_INSTANCE.name:
            return text(owner, "uid")
    return ""


def _holders(pods: list[Document], claim: str) -> Iterator[Document]:
    for pod in pods:
        volumes = objects(pod, "spec", "volumes")
        named = {text(one, "persistentVolumeClaim", "claimName") for one in volumes}
        if claim in named and text(pod, "status", "phase") not in _OVER:
            yield pod
