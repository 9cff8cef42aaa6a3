"""VirtualMachineInstance to virt-launcher pod, and the phases up to Scheduled (api.md §4).

From Scheduled on the node agent reports; this controller then only notices a lost pod, keeps the
Ready condition, and lets a VMI go when its pod is gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.networks import attachdefs, selections
from virtctl.local.networks.linknames import is_primary
from virtctl.local.runtime import (
    attachments,
    backendstorage,
    conditions,
    fillings,
    hostdevices,
    migrating,
    phases,
    podmanifest,
    podnetworks,
    reconcile,
    resizing,
)
from virtctl.local.runtime.autolimits import AutoLimits, automatic
from virtctl.local.runtime.changes import (
    Announce,
    Change,
    Create,
    Requeue,
    delete,
    patch,
    patch_of,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import (
    VM_FINALIZER,
    VMI_FINALIZER,
    controller_of,
    finalizers,
    is_controlled_by,
    is_deleting,
)
from virtctl.local.runtime.podmanifest import PodSettings
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.versions import OBSERVED
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    put,
    text,
    uid_of,
)
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    KUBEVIRT,
    NAMESPACE,
    POD,
    PVC,
    RESOURCE_QUOTA,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)

_CLAIM_PATIENCE = 2.0  # seconds between looks for a claim that is not there
_WIRED = {"Scheduled", "Running"}
_NOT_TAKEN = {"", "Pending", "Scheduling"}
_PULL_FAILURES = {"ErrImagePull", "ImagePullBackOff"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A VMI, its pods (there is one unless it is to go), and what its pod needs to exist.

    ``claims`` are those that its volumes name and that exist; ``missing`` the names of the others.
    ``state`` is the claim to be made of what firmware and TPM remember.
    ``networks`` are the missing definitions of its networks, ``forbidden`` is why it must not have
    the devices that it asks for.
    """

    vmi: Document
    pods: tuple[Document, ...] = ()
    attached: tuple[Document, ...] = ()
    claims: dict[str, Document] | None = None
    missing: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    state: Document | None = None
    forbidden: str = ""
    owner_gone: bool = False
    settings: PodSettings = field(default_factory=PodSettings)

    @property
    def unrendered(self) -> str:
        """Why no pod can be written down yet; empty when one can."""
        why = self.forbidden
        if self.networks:
            why = f"failed to locate network attachment definition {self.networks[0]}"
        return f"failed to render launch manifest: {why}" if why else ""

    @property
    def unfilled(self) -> tuple[str, ...]:
        """Claims that something is still to be put into."""
        claims = (self.claims or {}).items()
        return tuple(name for name, claim in claims if not fillings.is_filled(claim))

    @property
    def pod(self) -> Document | None:
        """The pod that matters: the guest's, one that is not on its way out if there is one."""
        return migrating.guest_pod(self.vmi, self.pods)


class InstanceController:
    """VirtualMachineInstance to pod."""

    name = "instance"
    component = "virtualmachine-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Instances and their pods."""
        return (
            Watched(VIRTUAL_MACHINE_INSTANCE, reconcile.itself),
            Watched(POD, reconcile.owner(VIRTUAL_MACHINE_INSTANCE)),
            Watched(POD, _of_attachment),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock, lead=reconcile.LEAD)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The instance of ``key``, its pods and claims."""
        try:
            vmi = service.get(VIRTUAL_MACHINE_INSTANCE, *key)
        except NotFound:
            return None
        selector = f"{podmanifest.CREATED_BY}={uid_of(vmi)}"
        pods = service.list(POD, key.namespace, labels=selector).items
        names = [podmanifest.claim_of(volume) for volume in objects(vmi, "spec", "volumes")]
        claims = _claims(service, key.namespace, [name for name in names if name])
        definitions = _definitions(service, vmi)
        state_claim, state = _state(service, vmi)
        return Seen(
            vmi=vmi,
            state=state,
            pods=tuple(pod for pod in pods if is_controlled_by(pod, vmi)),
            attached=_attached(service, key, pods),
            claims=claims,
            missing=tuple(name for name in names if name and name not in claims),
            networks=tuple(podnetworks.missing(vmi, definitions)),
            forbidden=hostdevices.unpermitted(vmi, _configuration(service)),
            owner_gone=_owner_gone(service, vmi),
            settings=replace(
                settings(service),
                state_claim=state_claim,
                limits=_limits(service, key.namespace),
                resources=(*_resources(definitions), *hostdevices.resources(vmi)),
            ),
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one instance."""
        made: list[Change] = []
        new = deepcopy(seen.vmi)
        status = dict(child(new, "status"))
        new["status"] = status
        if is_deleting(seen.vmi):
            made.extend(_end_pods(seen))
            _close(seen, new, now)
        elif not phases.is_final(seen.vmi):
            made.extend(_progress(seen, status, now))
        elif not seen.pods:
            _drop_finalizer(new, VMI_FINALIZER)
        made.extend(_keep_networks(seen, status))
        made.extend(_keep_volumes(seen, status))
        _report(seen, new, now)
        made.extend(patch_of(VIRTUAL_MACHINE_INSTANCE, seen.vmi, new))
        return made

    def refused(
        self, seen: Seen, change: reconcile.Doable, error: ApiError, now: float
    ) -> Sequence[reconcile.Doable]:
        """A pod that may not be made keeps the instance Pending, and says why."""
        if not isinstance(change, Create):
            return ()
        new = deepcopy(seen.vmi)
        status = dict(child(new, "status"))
        new["status"] = status
        phases.enter(status, "Pending", now)
        message = f"failed to create virtual machine pod: {error}"
        failure = condition("Synchronized", "False", reason="FailedCreate", message=message)
        status["conditions"] = conditions.merged(
            objects(status, "conditions"), [_ready(seen, new), failure], now
        )
        event = Announce(
            about=seen.vmi, reason="FailedCreate", message=f"Error creating pod: {error}",
            warning=True,
        )  # fmt: skip
        return [event, *patch_of(VIRTUAL_MACHINE_INSTANCE, seen.vmi, new)]


def _of_attachment(pod: Document) -> Iterable[Key]:
    """The instance that an attachment pod holds a volume for."""
    name = text(pod, "metadata", "annotations", attachments.DOMAIN)
    return (Key(namespace_of(pod), name),) if attachments.is_attachment(pod) else ()


def _attached(service: ApiService, key: Key, launchers: Iterable[Document]) -> tuple[Document, ...]:
    """The attachment pods of an instance's launchers."""
    selector = f"{attachments.LABEL}={attachments.HOTPLUG}"
    found = service.list(POD, key.namespace, labels=selector).items
    return tuple(pod for pod in found if any(is_controlled_by(pod, one) for one in launchers))


def _limits(service: ApiService, namespace: str) -> AutoLimits:
    try:
        place = service.get(NAMESPACE, None, namespace)
    except NotFound:
        return AutoLimits()
    quotas = service.list(RESOURCE_QUOTA, namespace).items
    return automatic(quotas, place, _configuration(service))


def settings(service: ApiService) -> PodSettings:
    """What the KubeVirt object's configuration means for pods; defaults while there is none."""
    return podmanifest.settings_of(_configuration(service))


def _configuration(service: ApiService) -> Document:
    for kubevirt in service.list(KUBEVIRT).items:
        return child(kubevirt, "spec", "configuration")
    return {}


def _state(service: ApiService, vmi: Document) -> tuple[str, Document | None]:
    """The name of the claim that keeps a machine's state, and the claim while there is none."""
    if not backendstorage.is_needed(vmi):
        return "", None
    selector = f"{backendstorage.LABEL}={name_of(vmi)}"
    for claim in service.list(PVC, namespace_of(vmi), labels=selector).items:
        if not is_deleting(claim):
            return name_of(claim), None
    made = backendstorage.build(vmi, _configuration(service))
    return name_of(made), made


def _claims(service: ApiService, namespace: str, names: Iterable[str]) -> dict[str, Document]:
    found = {}
    for name in names:
        with contextlib.suppress(NotFound):
            found[name] = service.get(PVC, namespace, name)
    return found


def _definitions(service: ApiService, vmi: Document) -> dict[tuple[str, str], Document]:
    """The definitions of a machine's networks that exist, by namespace and name."""
    found = {}
    for namespace, name in selections.definitions(vmi):
        with contextlib.suppress(NotFound):
            found[namespace, name] = service.get(ATTACHMENT_DEFINITION, namespace, name)
    return found


def _resources(definitions: Mapping[tuple[str, str], Document]) -> tuple[str, ...]:
    """What a node must have for the networks, once for each."""
    named = (attachdefs.resource_name(one) for one in definitions.values())
    return tuple(name for name in named if name)


def _owner_gone(service: ApiService, vmi: Document) -> bool:
    owner = controller_of(vmi)
    if owner is None or text(owner, "kind") != VIRTUAL_MACHINE.name:
        return owner is None
    try:
        found = service.get(VIRTUAL_MACHINE, namespace_of(vmi), text(owner, "name"))
    except NotFound:
        return True
    return uid_of(found) != text(owner, "uid")


def _end_pods(seen: Seen) -> Iterator[Change]:
    for pod in seen.pods:
        if not is_deleting(pod):
            yield delete(POD, pod)
            message = f"Deleted virtual machine pod {name_of(pod)}"
            yield Announce(about=seen.vmi, reason="SuccessfulDelete", message=message)


def _close(seen: Seen, new: Document, now: float) -> None:
    """Let a deleted VMI go once no pod is left of it."""
    if seen.pods:
        return
    if not phases.is_final(new):
        phases.enter(child(new, "status"), "Failed", now)
    _drop_finalizer(new, VMI_FINALIZER)
    if seen.owner_gone:
        _drop_finalizer(new, VM_FINALIZER)


def _drop_finalizer(new: Document, finalizer: str) -> None:
    if finalizer in finalizers(new):
        kept: list[JsonValue] = [name for name in finalizers(new) if name != finalizer]
        metadata = child(new, "metadata")
        if kept:
            metadata["finalizers"] = kept
        else:
            metadata.pop("finalizers")


def _progress(seen: Seen, status: Document, now: float) -> Iterator[Change]:
    """The next step of a VMI that neither ended nor is to go; changes ``status``."""
    phase = text(status, "phase")
    pod = seen.pod
    if pod is None:
        if phase not in {"", "Pending"}:
            phases.enter(status, "Failed", now)
            status["reason"] = "PodLost"
            return
        yield from _make_pod(seen, status, now)
    elif text(pod, "status", "phase") in {"Failed", "Succeeded"}:
        phases.enter(status, "Failed", now)
        status["reason"] = text(pod, "status", "reason") or "PodEnded"
    elif phase in _NOT_TAKEN:
        phases.enter(status, "Scheduling", now)
        if is_taken(pod):
            phases.enter(status, "Scheduled", now)
            _schedule(seen, pod, status)


def _keep_networks(seen: Seen, status: Document) -> Iterator[Change]:
    """A running pod asks for the networks that its machine has now; changes ``status``."""
    pod = seen.pod
    if phases.phase_of(seen.vmi) not in _WIRED or pod is None or is_deleting(seen.vmi):
        return
    known = list(objects(status, "interfaces"))
    told = podnetworks.interfaces(seen.vmi, pod, known)
    if told != known:
        status["interfaces"] = told
    wanted = podnetworks.live_annotation(seen.vmi, pod)
    if wanted is not None and not seen.networks:
        body: Document = {"metadata": {"annotations": {selections.NETWORKS: wanted}}}
        yield patch(POD, pod, body)


def _keep_volumes(seen: Seen, status: Document) -> Iterator[Change]:
    """Pods hold the claims that come while the machine runs; changes ``status``."""
    pod = seen.pod
    if phases.phase_of(seen.vmi) not in _WIRED or pod is None or is_deleting(seen.vmi):
        return
    yield from attachments.keep(seen.vmi, pod, seen.attached, seen.claims or {}, status)
    entries = objects(status, "volumeStatus")
    if any(text(one, "reason") == attachments.NOT_READY for one in entries):
        yield Requeue(_CLAIM_PATIENCE)


def _make_pod(seen: Seen, status: Document, now: float) -> Iterator[Change]:
    if seen.unrendered:
        phases.enter(status, "Pending", now)
        known = conditions.find_condition(seen.vmi, "Synchronized") or {}
        if text(known, "message") != seen.unrendered:
            yield Announce(
                about=seen.vmi, reason="FailedCreate", message=seen.unrendered, warning=True
            )
        yield Requeue(_CLAIM_PATIENCE)
        return
    if seen.missing:
        phases.enter(status, "Pending", now)
        message = _missing_claim(seen)
        known = conditions.find_condition(seen.vmi, "Synchronized") or {}
        if text(known, "reason") != "FailedPvcNotFound":
            yield Announce(about=seen.vmi, reason="FailedPvcNotFound", message=message)
        yield Requeue(_CLAIM_PATIENCE)
        return
    if seen.unfilled:
        phases.enter(status, "Pending", now)
        yield Requeue(_CLAIM_PATIENCE)
        return
    if seen.state is not None:
        yield Create(kind=PVC, document=seen.state)
    blocks = attachments.block_claims((seen.claims or {}).values())
    pod = podmanifest.build_pod(seen.vmi, replace(seen.settings, block_claims=blocks))
    yield Create(kind=POD, document=pod)
    message = f"Created virtual machine pod {name_of(pod)}"
    yield Announce(about=seen.vmi, reason="SuccessfulCreate", message=message)
    phases.enter(status, "Pending", now)
    phases.enter(status, "Scheduling", now)


def _missing_claim(seen: Seen) -> str:
    claim = f"{namespace_of(seen.vmi)}/{seen.missing[0]}"
    return f"PVC {claim} does not exist, waiting for it to appear"


def is_taken(pod: Document) -> bool:
    """Whether the pod runs on a node with all its containers, so that a guest can start in it."""
    if text(pod, "status", "phase") != "Running" or is_deleting(pod):
        return False
    return all(_takes_guest(status) for status in objects(pod, "status", "containerStatuses"))


def _takes_guest(status: Document) -> bool:
    """Whether a container is as it must be for the guest to start. The main one has the guest's own
    readiness probe, so it cannot be ready before.
    """
    if text(status, "name") == "compute":
        return find(status, "state", "running") is not None
    return bool(status.get("ready"))


def _schedule(seen: Seen, pod: Document, status: Document) -> None:
    """What the hand-over to the node says (api.md §4.1, Scheduled)."""
    node = text(pod, "spec", "nodeName")
    status["nodeName"] = node
    status["migrationTransport"] = "Unix"
    status["activePods"] = {uid_of(pod): node}
    status["qosClass"] = _quality(pod)
    status["launcherContainerImageVersion"] = text(
        next(objects(pod, "spec", "containers"), {}), "image"
    )
    status.setdefault("runtimeUser", 107)
    primary = [one for one in objects(seen.vmi, "spec", "networks") if is_primary(one)]
    if primary and not status.get("interfaces"):
        name = text(primary[0], "name")
        status["interfaces"] = [{"name": name, "podInterfaceName": "eth0"}]
    if not status.get("volumeStatus"):
        status["volumeStatus"] = list(_volumes(seen))


def _quality(pod: Document) -> str:
    """The pod's QoS class: Guaranteed when CPU and memory are limited to what is requested."""
    for container in objects(pod, "spec", "containers"):
        for resource in ("cpu", "memory"):
            limit = find(container, "resources", "limits", resource)
            if limit is None or limit != find(container, "resources", "requests", resource):
                return "Burstable"
    return "Guaranteed"


def _volumes(seen: Seen) -> Iterator[JsonValue]:
    for volume in sorted(objects(seen.vmi, "spec", "volumes"), key=lambda one: text(one, "name")):
        entry: Document = {"name": text(volume, "name"), "target": ""}
        claim = (seen.claims or {}).get(podmanifest.claim_of(volume))
        if claim is not None:
            entry["persistentVolumeClaimInfo"] = attachments.claim_info(claim)
        if podmanifest.is_hotpluggable(volume):
            entry.update({"hotplugVolume": {}, "phase": "MountedToPod"})
        yield entry


def _report(seen: Seen, new: Document, now: float) -> None:
    """Labels, annotations and conditions that follow from the pod."""
    status = child(new, "status")
    for annotation in OBSERVED:
        put(new, "v1", "metadata", "annotations", annotation)
    if text(status, "nodeName"):
        put(new, text(status, "nodeName"), "metadata", "labels", "kubevirt.io/nodeName")
    wanted = [_ready(seen, new), *_data_volumes(seen)]
    drop = []
    for kind, found in (("PodScheduled", _scheduling(seen)), ("Synchronized", _trouble(seen))):
        if found is not None:
            wanted.append(found)
        elif phases.phase_of(new) in _NOT_TAKEN | {"Scheduled"} and not _is_of_agent(new, kind):
            drop.append(kind)
    growing = list(resizing.under_way(new)) if phases.phase_of(new) == "Running" else []
    wanted.extend(growing)
    drop.extend(resizing.KINDS - {text(one, "type") for one in growing})
    status["conditions"] = conditions.merged(objects(status, "conditions"), wanted, now, drop=drop)


def _data_volumes(seen: Seen) -> Iterator[Document]:
    """Whether the DataVolumes among the volumes are ready; nothing of a VMI that has none."""
    volumes = objects(seen.vmi, "spec", "volumes")
    names = {text(volume, "dataVolume", "name") for volume in volumes} - {""}
    if not names:
        return
    if seen.missing and seen.pod is None:
        return  # that is told first
    if names & {*seen.unfilled, *seen.missing}:
        message = "Not all of the VMI's DVs are ready"
        yield condition("DataVolumesReady", "False", reason="NotAllDVsReady", message=message)
    else:
        message = "All of the VMI's DVs are bound and ready"
        yield condition("DataVolumesReady", "True", reason="AllDVsReady", message=message)


def _is_of_agent(vmi: Document, kind: str) -> bool:
    """Whether the condition is the node agent's to take back: it speaks of a guest's start."""
    return kind == "Synchronized" and phases.phase_of(vmi) == "Scheduled"


def _ready(seen: Seen, new: Document) -> Document:
    pod = seen.pod
    if pod is None:
        return _unready("PodNotExists", "virt-launcher pod has not yet been scheduled")
    if is_deleting(pod):
        return _unready("PodTerminating", "virt-launcher pod is terminating")
    if phases.phase_of(new) != "Running":
        return _unready("GuestNotRunning", "Guest VM is not reported as running")
    theirs = conditions.find_condition(pod, "Ready")
    if theirs is None:
        return _unready("PodConditionMissing", "virt-launcher pod is missing the Ready condition")
    return condition(
        "Ready",
        text(theirs, "status"),
        reason=text(theirs, "reason"),
        message=text(theirs, "message"),
    )


def _unready(reason: str, message: str) -> Document:
    return condition("Ready", "False", reason=reason, message=message)


def _scheduling(seen: Seen) -> Document | None:
    """A copy of the pod's ``PodScheduled=False``, and the same while a claim keeps it away."""
    if seen.pod is None and seen.missing and not phases.is_final(seen.vmi):
        message = _missing_claim(seen)
        return condition("PodScheduled", "False", reason="Unschedulable", message=message)
    theirs = conditions.find_condition(seen.pod, "PodScheduled") if seen.pod else None
    if theirs is None or text(theirs, "status") != "False":
        return None
    return condition(
        "PodScheduled", "False", reason=text(theirs, "reason"), message=text(theirs, "message")
    )


def _trouble(seen: Seen) -> Document | None:
    """``Synchronized=False`` while something keeps the guest from starting."""
    if seen.pod is None:
        if phases.is_final(seen.vmi) or not (seen.missing or seen.unrendered):
            return None
        if seen.unrendered:
            return condition(
                "Synchronized", "False", reason="FailedCreate", message=seen.unrendered
            )
        return condition(
            "Synchronized", "False", reason="FailedPvcNotFound", message=_missing_claim(seen)
        )
    for container in (
        *objects(seen.pod, "status", "initContainerStatuses"),
        *objects(seen.pod, "status", "containerStatuses"),
    ):
        waiting = child(container, "state", "waiting")
        if text(waiting, "reason") in _PULL_FAILURES:
            return condition(
                "Synchronized",
                "False",
                reason=text(waiting, "reason"),
                message=text(waiting, "message"),
            )
    sandbox = conditions.find_condition(seen.pod, podmanifest.SANDBOX)
    if sandbox is not None and text(sandbox, "status") == "False":
        return condition(
            "Synchronized",
            "False",
            reason=text(sandbox, "reason"),
            message=text(sandbox, "message"),
        )
    return None
