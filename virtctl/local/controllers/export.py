"""VirtualMachineExports: what they wait for, and where they can be downloaded.

The export server (``node.exports``) reads the disks; nothing is offered of a claim while a guest
has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, exporting, fillings, reconcile
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import controller_reference, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds, stamp
from virtctl.models.documents import (
    Document,
    child,
    flag,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import (
    CDI_CONFIG,
    EXPORT,
    POD,
    PVC,
    SECRET,
    SERVICE,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VIRTUAL_MACHINE,
)
from virtctl.wire.quantities import parse_duration

_LIFETIME = "2h0m0s"
_LOOK_AGAIN = 5.0  # seconds between looks at the source
_PATIENCE = 1.0  # seconds between looks for what is about to come
_SOURCES = {PVC.name: PVC, VIRTUAL_MACHINE.name: VIRTUAL_MACHINE, SNAPSHOT.name: SNAPSHOT}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An export, what it is of, and its service.

    ``content`` is a snapshot's, ``user`` the pod that has one of the ``claims``, ``address`` where
    the server listens; ``token`` is there to be used when the export has no Secret.
    """

    export: Document
    source: Document | None = None
    has_service: bool = False
    content: Document = field(default_factory=dict)
    claims: dict[str, Document] = field(default_factory=dict)
    user: str = ""
    has_token: bool = False
    token: str = ""
    address: str = ""

    @property
    def matter(self) -> Document:
        """What the volumes are read from: the source, or a snapshot's content."""
        if text(self.export, "spec", "source", "kind") == SNAPSHOT.name:
            return self.content
        return self.source or {}


class ExportController:
    """Keeps exports."""

    name = "export"
    component = "export-controller"

    def __init__(self, authority: str = "") -> None:
        """``authority`` is the CA of the server's certificate, in PEM."""
        self._authority = authority
        self._read: dict[Key, tuple[str, ...]] = {}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Exports, their services and tokens, and pods that may take what is exported."""
        return (
            Watched(EXPORT, reconcile.itself),
            Watched(SERVICE, reconcile.owner(EXPORT)),
            Watched(SECRET, reconcile.owner(EXPORT)),
            Watched(POD, self._read_by),
        )

    def _read_by(self, pod: Document) -> Iterable[Key]:
        """The exports that read a claim of a pod."""
        claims = {
            text(volume, "persistentVolumeClaim", "claimName")
            for volume in objects(pod, "spec", "volumes")
        }
        for key, names in self._read.items():
            if key.namespace == namespace_of(pod) and not claims.isdisjoint(names):
                yield key

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The export of ``key`` and its source."""
        try:
            export = service.get(EXPORT, *key)
        except NotFound:
            self._read.pop(key, None)
            return None
        kind = _SOURCES.get(text(export, "spec", "source", "kind"))
        name = text(export, "spec", "source", "name")
        source = service.find(kind, key.namespace, name) if kind is not None else None
        content = text(source or {}, "status", "virtualMachineSnapshotContentName")
        behind = exporting.service_name(export)
        seen = Seen(
            export=export,
            source=source,
            has_service=service.find(SERVICE, key.namespace, behind) is not None,
            content=service.find(SNAPSHOT_CONTENT, key.namespace, content) or {},
            has_token=service.find(SECRET, key.namespace, exporting.token_secret(export))
            is not None,
            token=token_hex(20),
            address=text(
                service.find(CDI_CONFIG, None, "config") or {},
                "metadata", "annotations", exporting.ADDRESS,
            ),
        )  # fmt: skip
        names = exporting.claim_names(export, seen.matter)
        self._read[key] = names
        claims = {one: service.find(PVC, key.namespace, one) for one in names}
        pods = service.list(POD, key.namespace).items if names else []
        users = (fillings.is_used(pods, one) for one in names)
        return replace(
            seen,
            claims={one: claim for one, claim in claims.items() if claim is not None},
            user=next((user for user in users if user), ""),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one export."""
        if is_deleting(seen.export):
            return ()
        ends = expires(seen.export)
        if ends <= now:
            return [delete(EXPORT, seen.export)]
        made: list[Change] = []
        if not seen.has_service:
            service = build_service(seen.export)
            made.append(Create(kind=SERVICE, document=service))
            shown = f"{namespace_of(service)}/{name_of(service)}"
            made.append(_told(seen, "ServiceCreated", f"Created service {shown}"))
        own = _hindrance(seen) is None and not text(seen.export, "spec", "tokenSecretRef")
        if own and not seen.has_token:
            owner = controller_reference(EXPORT, seen.export)
            secret = exporting.build_token(seen.export, seen.token, owner)
            made.append(Create(kind=SECRET, document=secret))
            shown = f"{namespace_of(secret)}/{name_of(secret)}"
            made.append(_told(seen, "SecretCreated", f"Created default secret {shown}"))
        made.extend(_report(seen, now, self._authority))
        ready = _trouble(seen).reason == _READY
        patience = _LOOK_AGAIN if ready else _PATIENCE
        return [*made, Requeue(min(patience, ends - now))]


def _told(seen: Seen, reason: str, message: str) -> Announce:
    return Announce(about=seen.export, reason=reason, message=message)


def expires(export: Document) -> float:
    """When an export is deleted, in Unix seconds."""
    begun = seconds(text(export, "metadata", "creationTimestamp"))
    lifetime = text(export, "spec", "ttlDuration") or _LIFETIME
    return begun + parse_duration(lifetime).total_seconds()


def build_service(export: Document) -> Document:
    """The service of an export."""
    name = exporting.service_name(export)
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.name,
        "metadata": {
            "name": name,
            "namespace": namespace_of(export),
            "labels": dict(strings(export, "metadata", "labels")),
            "ownerReferences": [controller_reference(EXPORT, export)],
        },
        "spec": {
            "selector": {exporting.SERVICE_LABEL: name},
            "ports": [{"protocol": "TCP", "port": 443, "targetPort": 8443}],
        },
    }


_READY = "PodReady"


@dataclass(frozen=True)
class _Word:
    """How an export is: phase, and reason and message of its condition Ready."""

    phase: str
    reason: str
    message: str = ""


_INITIALIZING = _Word("Pending", "Initializing")


def _trouble(seen: Seen) -> _Word:
    """What an export waits for, or that it is ready."""
    hindrance = _hindrance(seen)
    if hindrance is not None:
        return hindrance
    if not seen.has_token:
        return _INITIALIZING
    return _Word("Ready", _READY) if seen.address else _Word("Pending", "PodPending")


def _hindrance(seen: Seen) -> _Word | None:
    """What keeps the source from being read; None when nothing does."""
    where = f"{namespace_of(seen.export)}/{text(seen.export, 'spec', 'source', 'name')}"
    match text(seen.export, "spec", "source", "kind"):
        case PVC.name:
            return _of_claim(seen, f"PersistentVolumeClaim {where}")
        case VIRTUAL_MACHINE.name:
            return _of_machine(seen, f"Virtual Machine {where}")
        case SNAPSHOT.name:
            return _of_snapshot(seen, f"VirtualMachineSnapshot {where}")
        case _:
            return _INITIALIZING


def _of_claim(seen: Seen, shown: str) -> _Word | None:
    if seen.source is None:
        return _INITIALIZING
    if not exporting.is_populated(seen.source):
        return _Word("Pending", "PVCPending", f"{shown} is not populated")
    return _Word("Pending", "InUse", f"{shown} is in use") if seen.user else None


def _of_machine(seen: Seen, shown: str) -> _Word | None:
    if seen.source is None:
        return _Word("Skipped", "VMNotFound", f"{shown} not found")
    awaited = any(
        text(one, "dataVolume", "name") not in seen.claims
        for one in objects(seen.source, "spec", "template", "spec", "volumes")
        if "dataVolume" in one
    )
    if not seen.claims and not awaited:
        return _Word("Skipped", "VMNoVolumes", f"{shown} has no volumes")
    if awaited or not all(map(exporting.is_populated, seen.claims.values())):
        message = f"Not all volumes in the {shown} are populated"
        return _Word("Pending", "VolumesNotPopulated", message)
    return _Word("Pending", "InUse", f"{shown} is running") if seen.user else None


def _of_snapshot(seen: Seen, shown: str) -> _Word | None:
    if seen.source is None:
        return _Word("Skipped", "VMSnapshotNotFound", f"{shown} not found")
    if not flag(seen.source, "status", "readyToUse"):
        return _Word("Pending", "NotAllPVCsCreated", f"{shown} is not ready to use")
    if not exporting.volumes(seen.export, seen.matter, seen.claims):
        return _Word("Skipped", "Initializing")
    return None


def _report(seen: Seen, now: float, authority: str) -> Iterator[reconcile.Doable]:
    export = seen.export
    kind = text(export, "spec", "source", "kind")
    word = _trouble(seen)
    ready = word.phase == "Ready"
    wanted = [
        condition("Ready", "True" if ready else "False", reason=word.reason, message=word.message)
    ]
    if kind == PVC.name:
        wanted.append(_claim_condition(seen))
    if kind == SNAPSHOT.name:
        wanted.append(_volumes_condition(seen, word))
    status: Document = {
        **child(export, "status"),
        "phase": word.phase,
        "serviceName": exporting.service_name(export),
        "ttlExpirationTime": stamp(expires(export)),
        "conditions": conditions.merged(objects(export, "status", "conditions"), wanted, now),
    }
    if _hindrance(seen) is None or text(export, "spec", "tokenSecretRef"):
        status["tokenSecretRef"] = exporting.token_secret(export)
    name = _machine_name(seen)
    if name:
        status["virtualMachineName"] = name
    status["links"] = {}
    if ready:
        machine = exporting.machine_of(export, seen.matter)
        found = exporting.volumes(export, seen.matter, seen.claims)
        starts = {
            "internal": exporting.inner_base(export),
            "external": exporting.base(seen.address, export),
        }
        status["links"] = {
            side: exporting.links(start, side, found, authority, machine=bool(machine))
            for side, start in starts.items()
        }
    yield from status_patch(EXPORT, export, status)


def _machine_name(seen: Seen) -> str:
    kind = text(seen.export, "spec", "source", "kind")
    if kind == VIRTUAL_MACHINE.name:
        return text(seen.export, "spec", "source", "name")
    return text(seen.source or {}, "spec", "source", "name") if kind == SNAPSHOT.name else ""


def _claim_condition(seen: Seen) -> Document:
    where = f"{namespace_of(seen.export)}/{text(seen.export, 'spec', 'source', 'name')}"
    if seen.source is None:
        absent = f"PersistentVolumeClaim {where} not found"
        return condition("PVCReady", "False", reason="PVCNotFound", message=absent)
    phase = text(seen.source, "status", "phase")
    if phase == "Bound":
        return condition("PVCReady", "True", reason="PVCBound")
    return condition("PVCReady", "False", reason="Unknown" if phase == "Lost" else "PVCPending")


def _volumes_condition(seen: Seen, word: _Word) -> Document:
    if word.phase == "Skipped":
        where = f"{namespace_of(seen.export)}/{text(seen.export, 'spec', 'source', 'name')}"
        message = f"VirtualMachineSnapshot {where} does not contain any volume snapshots"
        reason = "VMSnapshotNoVolumes"
        return condition("VolumesCreated", "False", reason=reason, message=message)
    if word.reason == "NotAllPVCsCreated":
        return condition("VolumesCreated", "False", reason=word.reason, message=word.message)
    return condition("VolumesCreated", "True", reason="AllPVCsReady")
