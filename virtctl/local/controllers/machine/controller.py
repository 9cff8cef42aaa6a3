"""The VirtualMachine controller: observe a machine, decide, in one place (api.md §3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.machine import (
    datavolumes,
    instance,
    instancetypes,
    liveupdates,
    restart,
    status,
)
from virtctl.local.controllers.machine.seen import (
    RunStrategy,
    Seen,
    claim_names,
    generation,
    is_final,
)
from virtctl.local.controllers.machine.status import Failure
from virtctl.local.controllers.machine.strategy import Move, Verdict, consider
from virtctl.local.runtime import blocktracking, conditions, reconcile
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Delete,
    Requeue,
    delete,
    patch,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import (
    ORPHAN,
    VM_FINALIZER,
    controller_of,
    controller_reference,
    finalizers,
    is_controlled_by,
    is_deleting,
    references,
    with_finalizer,
    without_finalizer,
)
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.versions import note_version
from virtctl.models.documents import (
    Document,
    child,
    find,
    items,
    name_of,
    namespace_of,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    CONTROLLER_REVISION,
    DATA_VOLUME,
    KUBEVIRT,
    NAMESPACE,
    PVC,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)


class MachineController:
    """VirtualMachine to VirtualMachineInstance."""

    name = "machine"
    component = "virtualmachine-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Machines, the instances that have a machine's name, and their data volumes."""
        return (
            Watched(VIRTUAL_MACHINE, reconcile.itself),
            Watched(VIRTUAL_MACHINE_INSTANCE, reconcile.itself),
            Watched(DATA_VOLUME, reconcile.owner(VIRTUAL_MACHINE)),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock, lead=reconcile.LEAD)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The machine of ``key`` and what belongs to it."""
        try:
            vm = service.get(VIRTUAL_MACHINE, *key)
        except NotFound:
            return None
        vmi, stranger = _instance(service, vm)
        revisions = tuple(
            found
            for found in service.list(CONTROLLER_REVISION, key.namespace).items
            if is_controlled_by(found, vm)
        )
        return Seen(
            vm=vm,
            vmi=vmi,
            stranger=stranger,
            revision=_revision_of(vmi, revisions),
            revisions=revisions,
            claims=_claims(service, vm),
            data_volumes=_data_volumes(service, vm),
            chosen=_chosen(service, vm),
            volumes_follow=not _has_gate(service, "HotplugVolumes"),
            tracking=blocktracking.wish(
                vm, service.find(NAMESPACE, None, key.namespace) or {}, _configuration(service)
            ),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one machine."""
        if is_deleting(seen.vm):
            return list(_removal(seen, now))
        made: list[Change] = list(note_version(VIRTUAL_MACHINE, seen.vm))
        if VM_FINALIZER not in finalizers(seen.vm):
            made.append(patch(VIRTUAL_MACHINE, seen.vm, with_finalizer(seen.vm, VM_FINALIZER)))
        if seen.vmi is not None:
            made.extend(_care(seen, seen.vmi))
            made.extend(liveupdates.changes(seen))
        wanted = consider(seen, now)
        made.extend(instancetypes.create(seen.chosen))
        made.extend(datavolumes.create(seen, starts=wanted.move is Move.START))
        verdict, failure = _possible(seen, wanted)
        made.extend(_moves(seen, verdict, failure))
        made.extend(
            status_patch(VIRTUAL_MACHINE, seen.vm, status.build(seen, verdict, failure, now))
        )
        if verdict.wait:
            made.append(Requeue(verdict.wait))
        return made

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """What could not be made or deleted is a failure of the machine."""
        if isinstance(change, Create):
            reason, what = "FailedCreate", f"creating {_called(change)}"
        elif isinstance(change, Delete):
            reason, what = "FailedDelete", f"deleting virtual machine instance {change.name}"
        else:
            return ()
        failure = Failure(reason, f"Error {what}: {error}")
        if isinstance(change, Create) and change.kind == DATA_VOLUME:
            reason = "FailedDataVolumeCreate"
        said = Announce(about=seen.vm, reason=reason, message=failure.message, warning=True)
        made = status.build(seen, Verdict(), failure, now)
        return [said, *status_patch(VIRTUAL_MACHINE, seen.vm, made)]


def _called(change: Create) -> str:
    if change.kind == DATA_VOLUME:
        return f"DataVolume {name_of(change.document)}"
    if change.kind == VIRTUAL_MACHINE_INSTANCE:
        return "virtual machine instance"
    return f"{change.kind.name} {name_of(change.document)}"


def _instance(service: ApiService, vm: Document) -> tuple[Document | None, Document | None]:
    """The machine's own VMI, or a VMI of its name that belongs to somebody else."""
    try:
        vmi = service.get(VIRTUAL_MACHINE_INSTANCE, namespace_of(vm), name_of(vm))
    except NotFound:
        return None, None
    if is_controlled_by(vmi, vm):
        return vmi, None
    adoptable = controller_of(vmi) is None and not is_deleting(vmi) and not is_deleting(vm)
    return (vmi, None) if adoptable else (None, vmi)


def _revision_of(vmi: Document | None, revisions: Iterable[Document]) -> Document | None:
    if vmi is None:
        return None
    name = text(vmi, "status", "virtualMachineRevisionName")
    return next((found for found in revisions if name_of(found) == name), None)


def _has_gate(service: ApiService, gate: str) -> bool:
    return gate in items(_configuration(service), "developerConfiguration", "featureGates")


def _configuration(service: ApiService) -> Document:
    for kubevirt in service.list(KUBEVIRT).items:
        return child(kubevirt, "spec", "configuration")
    return {}


def _chosen(service: ApiService, vm: Document) -> instancetypes.Chosen:
    binding = instancetypes.default_binding(service.list(KUBEVIRT).items)
    return instancetypes.choose(vm, service.find, binding)


def _claims(service: ApiService, vm: Document) -> dict[str, Document]:
    found = {}
    for name in claim_names(vm):
        with contextlib.suppress(NotFound):
            found[name] = service.get(PVC, namespace_of(vm), name)
    return found


def _data_volumes(service: ApiService, vm: Document) -> dict[str, Document]:
    found = {}
    for name in datavolumes.names(vm):
        with contextlib.suppress(NotFound):
            found[name] = service.get(DATA_VOLUME, namespace_of(vm), name)
    return found


def _removal(seen: Seen, now: float) -> Iterator[Change]:
    """The machine is to go: its VMI first, unless that is to stay behind."""
    orphan = ORPHAN in finalizers(seen.vm)
    if (
        seen.vmi is not None
        and VM_FINALIZER in finalizers(seen.vmi)
        and (orphan or is_final(seen.vmi))
    ):
        body = without_finalizer(seen.vmi, VM_FINALIZER)
        yield patch(VIRTUAL_MACHINE_INSTANCE, seen.vmi, body)
    if seen.vmi is not None and not orphan:
        if not is_deleting(seen.vmi):
            yield from _stop(seen, seen.vmi)
        built = status.build(seen, Verdict(Move.STOP), None, now)
        yield from status_patch(VIRTUAL_MACHINE, seen.vm, built)
    elif VM_FINALIZER in finalizers(seen.vm):
        yield patch(VIRTUAL_MACHINE, seen.vm, without_finalizer(seen.vm, VM_FINALIZER))


def _care(seen: Seen, vmi: Document) -> Iterator[Change]:
    """What the machine's VMI needs besides being there."""
    if controller_of(vmi) is None:
        owners = [*references(vmi), controller_reference(VIRTUAL_MACHINE, seen.vm)]
        body: Document = {"metadata": {"ownerReferences": list(owners)}}
        yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, body)
    if is_deleting(vmi) and is_final(vmi) and VM_FINALIZER in finalizers(vmi):
        yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, without_finalizer(vmi, VM_FINALIZER))
    elif restart.same_template(seen) and instance.observed_generation(vmi) != generation(seen.vm):
        note: Document = {instance.GENERATION_ANNOTATION: str(generation(seen.vm))}
        yield patch(VIRTUAL_MACHINE_INSTANCE, vmi, {"metadata": {"annotations": note}})


def _possible(seen: Seen, verdict: Verdict) -> tuple[Verdict, Failure | None]:
    """The verdict as far as it can be carried out, and what is in its way."""
    if seen.chosen.problem:
        kept = Verdict() if verdict.move is Move.START else verdict
        return replace(kept, wait=kept.wait or 5.0), Failure(
            seen.chosen.reason, seen.chosen.problem
        )
    if verdict.move is not Move.START:
        return verdict, None
    if datavolumes.failed(seen):
        message = f"DataVolume {datavolumes.failed(seen)[0]} failed to import disk image"
        return Verdict(), Failure(_FAILED_IMPORT, message)
    if datavolumes.unfilled(seen) or any(text(seen.vm, "status", one) for one in _BUSY):
        return Verdict(), None
    if seen.stranger is not None:
        owner = controller_of(seen.stranger)
        whose = f"{text(owner, 'kind')} {text(owner, 'name')}" if owner else "nobody"
        message = (
            f'virtualmachineinstances.kubevirt.io "{name_of(seen.vm)}" already exists and '
            f"belongs to {whose}"
        )
        return Verdict(wait=5.0), Failure("FailedCreate", message)
    return verdict, None


def _moves(seen: Seen, verdict: Verdict, failure: Failure | None) -> Iterator[Change]:
    vm = seen.vm
    if failure is not None:
        known = conditions.find_condition(vm, "Failure") or {}
        if text(known, "message") != failure.message and failure.reason not in _SILENT:
            yield _failed(seen, failure)
        return
    match verdict.move:
        case Move.START:
            yield from _start(seen)
        case Move.STOP if seen.vmi is not None:
            yield from _stop(seen, seen.vmi)
        case Move.SWITCH_ON:
            always = RunStrategy.ALWAYS.value
            named = find(vm, "spec", "runStrategy") is not None
            body: Document = {"runStrategy": always} if named else {"running": True}
            yield patch(VIRTUAL_MACHINE, vm, {"spec": body})
        case _:
            pass


_BUSY = ("snapshotInProgress", "restoreInProgress")  # its disks are copied
_FAILED_IMPORT = "FailedDataVolumeImport"
_SILENT = ("FailedFindInstancetype", "FailedFindPreference")  # told by the condition alone


def _failed(seen: Seen, failure: Failure) -> Announce:
    message = failure.message
    if failure.reason != _FAILED_IMPORT:
        message = f"Error creating virtual machine instance: {message}"
    return Announce(about=seen.vm, reason=failure.reason, message=message, warning=True)


def _start(seen: Seen) -> Iterator[Change]:
    vm = seen.vm
    wanted = instance.revision_name(vm)
    for old in seen.revisions:
        if name_of(old).startswith("revision-start-vm-") and name_of(old) != wanted:
            yield delete(CONTROLLER_REVISION, old)
    yield Create(kind=CONTROLLER_REVISION, document=instance.build_revision(vm))
    yield Create(kind=VIRTUAL_MACHINE_INSTANCE, document=_instance_of(seen))
    message = "Started the virtual machine by creating the new virtual machine instance " + name_of(
        vm
    )
    yield Announce(about=vm, reason="SuccessfulCreate", message=message)


def _instance_of(seen: Seen) -> Document:
    tracking = blocktracking.of_new_instance(seen.vm, seen.tracking)
    return instance.build(seen.chosen.machine or seen.vm, tracking)


def _stop(seen: Seen, vmi: Document) -> Iterator[Change]:
    yield delete(VIRTUAL_MACHINE_INSTANCE, vmi)
    message = f"Stopped the virtual machine by deleting the virtual machine instance {uid_of(vmi)}"
    yield Announce(about=seen.vm, reason="SuccessfulDelete", message=message)
