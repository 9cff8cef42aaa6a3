"""addvolume and removevolume: volumes of machines and instances that come and go (spec/api.md 2.3).

What is added is written where its owner reads it: into the template of a machine and, while it
runs, into its instance too. Attaching it to a running guest is the node agent's.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from virtctl.errors import BadRequest
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.volumerequests import plugged_disk_causes
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import gates, instances, refusals
from virtctl.local.api.webhooks import check_status, denial
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, Kind

_GATES = ("HotplugVolumes", "DeclarativeHotplugVolumes")
_REQUESTS = "HotplugVolumes"  # with it, additions are requests in the machine's status
_UPDATE_VALIDATOR = "virtualmachineinstances-update-validator.kubevirt.io"
_TEMPLATE = ("spec", "template", "spec")
_DISKS = ("domain", "devices", "disks")
_Change = Callable[[Document], None]
"""Changes the spec of an instance in place. Raises ``_Problem``."""


class Volumes:
    """The volume verbs. Each takes the decoded options body and raises ``ApiError`` to refuse."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def add_to_machine(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Add a volume and its disk to a machine."""
        self._check_gates()
        asked = _Asked(_adding(body), {"addVolumeOptions": body})
        self._to_machine(namespace, name, asked, _options(actor, body))

    def remove_from_machine(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Remove a volume that can be removed, and its disk, from a machine."""
        self._check_gates()
        asked = _Asked(_removing(body), {"removeVolumeOptions": body})
        self._to_machine(namespace, name, asked, _options(actor, body))

    def add_to_instance(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Add a volume to a running instance only."""
        self._check_gates()
        change = _adding(body)

        def checked(spec: Document) -> None:
            change(spec)
            _check_disk(body)

        self._to_instance(namespace, name, checked, _options(actor, body))

    def remove_from_instance(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Remove a volume from a running instance only."""
        self._check_gates()
        self._to_instance(namespace, name, _removing(body), _options(actor, body))

    def _check_gates(self) -> None:
        if not any(gates.is_on(self._service, gate) for gate in _GATES):
            raise BadRequest(
                "Enable DeclarativeHotplugVolumes or HotplugVolumes feature gate to use this API."
            )

    def _to_machine(self, namespace: str, name: str, asked: _Asked, options: WriteOptions) -> None:
        vm = instances.machine(self._service, namespace, name)
        changed, change = deepcopy(vm), asked.change
        try:
            change(documents.ensure(changed, *_TEMPLATE))
        except _Problem as problem:
            raise refusals.conflict(VIRTUAL_MACHINE, name, str(problem)) from None
        if gates.is_on(self._service, _REQUESTS):
            self._check_request(vm, asked.request)
        vmi = instances.find_instance(self._service, namespace, name)
        if vmi is not None and not instances.is_final(vmi):
            self._change_instance(vmi, change, options)
        self._write(VIRTUAL_MACHINE, changed, options)

    def _check_request(self, vm: Document, request: Document) -> None:
        """Refuse what KubeVirt would as a request in the machine's status. Raises ``Invalid``."""
        document = deepcopy(vm)
        documents.put(document, [request], "status", "volumeRequests")
        context = AdmissionContext(
            configuration=gates.configuration(self._service), stored=_Stored(self._service)
        )
        check_status(VIRTUAL_MACHINE, document, context)

    def _to_instance(
        self, namespace: str, name: str, change: _Change, options: WriteOptions
    ) -> None:
        vmi = instances.instance(self._service, namespace, name)
        owners = documents.objects(vmi, "metadata", "ownerReferences")
        owned = any(owner.get("kind") == VIRTUAL_MACHINE.name for owner in owners)
        if owned and not gates.is_on(self._service, _REQUESTS):
            raise BadRequest(f"VMI {namespace}/{name} is owned by a VM")
        if instances.phase(vmi) != "Running":
            raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VMI is not running")
        self._change_instance(vmi, change, options)

    def _change_instance(self, vmi: Document, change: _Change, options: WriteOptions) -> None:
        changed = deepcopy(vmi)
        try:
            change(documents.ensure(changed, "spec"))
        except _Problem as problem:
            raise refusals.conflict(
                VIRTUAL_MACHINE_INSTANCE, documents.name_of(vmi), str(problem)
            ) from None
        self._write(VIRTUAL_MACHINE_INSTANCE, changed, options)

    def _write(self, kind: Kind, document: Document, options: WriteOptions) -> None:
        namespace, name = documents.namespace_of(document), documents.name_of(document)
        self._service.update(kind, namespace, name, document, options=options)


@dataclass(frozen=True)
class _Asked:
    """What is to be done, and how it is spelled in a machine's status."""

    change: _Change
    request: Document


@dataclass(frozen=True)
class _Stored:
    """The objects of a service, for rules."""

    service: ApiService

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object; None when it is not there."""
        return self.service.find(kind, namespace, name)

    def list(self, kind: Kind, namespace: str) -> list[Document]:
        """The objects of a namespace."""
        return self.service.list(kind, namespace).items


class _Problem(Exception):
    """Why a volume cannot be added or removed."""


def _options(actor: Actor, body: Document) -> WriteOptions:
    # The verb was authorised; that it writes the spec is how it works, not who asks.
    system = Actor(actor.name, actor.groups, actor.uid, system=True)
    return WriteOptions(actor=system, dry_run="All" in documents.items(body, "dryRun"))


def _adding(body: Document) -> _Change:
    """The change that adds what ``body`` describes. Raises ``BadRequest``."""
    name = documents.text(body, "name")
    disk, source = documents.child(body, "disk"), documents.child(body, "volumeSource")
    if not name:
        raise BadRequest("AddVolumeOptions requires name to be set")
    if body.get("disk") is None:
        raise BadRequest("AddVolumeOptions requires disk to not be nil")
    if body.get("volumeSource") is None:
        raise BadRequest("AddVolumeOptions requires VolumeSource to not be nil")
    hotplugged = {
        kind: {**found, "hotpluggable": True}
        for kind, found in source.items()
        if isinstance(found, dict)
    }

    def change(spec: Document) -> None:
        _check_new(spec, name, _claim(source))
        volumes = documents.items(spec, "volumes")
        documents.put(spec, [*volumes, {"name": name, **hotplugged}], "volumes")
        disks = documents.items(spec, *_DISKS)
        documents.put(spec, [*disks, {**disk, "name": name}], *_DISKS)

    return change


def _check_disk(body: Document) -> None:
    """Refuse a disk that cannot come to a running guest. Raises ``Invalid``."""
    found = list(plugged_disk_causes(body, "Hotplug configuration", ""))
    if found:
        raise denial(_UPDATE_VALIDATOR, found)


def _check_new(spec: Document, name: str, claim: str) -> None:
    """Refuse what is there already. Raises ``_Problem``."""
    for volume in documents.objects(spec, "volumes"):
        if documents.text(volume, "name") == name:
            raise _Problem(
                f"Unable to add volume [{name}] because volume with that name already exists"
            )
        if claim and _claim(volume) == claim:
            raise _Problem(f"Unable to add volume source [{claim}] because it already exists")
    for known in documents.objects(spec, *_DISKS):
        if documents.text(known, "name") == name:
            raise _Problem(
                f"Unable to add disk [{name}] because disk with that name already exists"
            )


def _claim(source: Document) -> str:
    """The claim that a volume stands for; a DataVolume has one of its own name."""
    return documents.text(source, "persistentVolumeClaim", "claimName") or documents.text(
        source, "dataVolume", "name"
    )


def _removing(body: Document) -> _Change:
    """The change that removes the volume that ``body`` names. Raises ``BadRequest``."""
    name = documents.text(body, "name")
    if not name:
        raise BadRequest("RemoveVolumeOptions requires name to be set")

    def change(spec: Document) -> None:
        volumes = [*documents.objects(spec, "volumes")]
        # By its own name or that of its claim.
        found = next(
            (one for one in volumes if name in {documents.text(one, "name"), _claim(one)}), None
        )
        if found is None:
            raise _Problem(f"Unable to remove volume [{name}] because it does not exist")
        called = documents.text(found, "name")
        if not any(
            documents.flag(found, kind, "hotpluggable")
            for kind in ("persistentVolumeClaim", "dataVolume")
        ):
            raise _Problem(f"Unable to remove volume [{called}] because it is not hotpluggable")
        documents.put(spec, [one for one in volumes if one is not found], "volumes")
        disks = [
            disk
            for disk in documents.objects(spec, *_DISKS)
            if documents.text(disk, "name") != called
        ]
        documents.put(spec, [*disks], *_DISKS)

    return change
