"""addvolume and removevolume: volumes of machines and instances that come and go (spec/api.md 2.3).

What is added is written where its owner reads it: into the template of a machine and, while it
runs, into its instance too. Attaching it to a running guest is the node agent's.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from virtctl.errors import BadRequest
from virtctl.local.api.rules.causes import invalid
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import gates, instances, refusals
from virtctl.local.api.webhooks import STATUS_VALIDATOR, denial
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
        change = _adding(body)
        if gates.is_on(self._service, _REQUESTS):
            _check_disk(body, "AddVolume request", "Status.volumeRequests", STATUS_VALIDATOR)
        self._to_machine(namespace, name, change, _options(actor, body))

    def remove_from_machine(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Remove a volume that can be removed, and its disk, from a machine."""
        self._check_gates()
        self._to_machine(namespace, name, _removing(body), _options(actor, body))

    def add_to_instance(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Add a volume to a running instance only."""
        self._check_gates()
        change = _adding(body)

        def checked(spec: Document) -> None:
            change(spec)
            _check_disk(body, "Hotplug configuration", "", _UPDATE_VALIDATOR)

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

    def _to_machine(
        self, namespace: str, name: str, change: _Change, options: WriteOptions
    ) -> None:
        vm = instances.machine(self._service, namespace, name)
        changed = deepcopy(vm)
        try:
            change(documents.ensure(changed, *_TEMPLATE))
        except _Problem as problem:
            raise refusals.conflict(VIRTUAL_MACHINE, name, str(problem)) from None
        vmi = instances.find_instance(self._service, namespace, name)
        if vmi is not None and not instances.is_final(vmi):
            self._change_instance(vmi, change, options)
        self._write(VIRTUAL_MACHINE, changed, options)

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


def _check_disk(body: Document, what: str, field: str, webhook: str) -> None:
    """Refuse a disk that cannot come to a running guest. Raises ``Invalid``."""
    name, disk = documents.text(body, "name"), documents.child(body, "disk")
    target = next((one for one in ("disk", "lun") if disk.get(one) is not None), "")
    bus = documents.text(disk, target, "bus") if target else ""
    problem = ""
    if target == "disk" and bus not in {"scsi", "virtio"}:
        wanted = "requires bus to be 'scsi' or 'virtio'"
        problem = f"for disk [{name}] {wanted}. [{bus}] is not permitted."
    elif target == "lun" and bus != "scsi":
        problem = f"for LUN [{name}] requires bus to be 'scsi'. [{bus}] is not permitted."
    elif not target:
        problem = f"for [{name}] requires diskDevice of type 'disk' or 'lun' to be used."
    elif documents.flag(disk, "dedicatedIOThread") and bus != "virtio":
        problem = f"for [{name}] requires virtio bus for IOThreads."
    if problem:
        raise denial(webhook, [invalid(field, f"{what} {problem}")])
    order = disk.get("bootOrder")
    if isinstance(order, int) and order < 1:
        place = "spec.domain.devices.disks[1]"
        problem = f"{place} must have a boot order > 0, if supplied"
        raise denial(webhook, [invalid(f"{place}.bootOrder", problem)])


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
