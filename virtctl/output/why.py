"""Why a machine is as it is: everything that the cluster says of it, put into order.

Pure: what was found is given, and what does not exist is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from virtctl.models.documents import Document, flag, integer, name_of, objects, text

_MADE_UP = re.compile(r"\bveth[0-9a-f]+\b")
_GOOD = frozenset({"Running", "Succeeded", "Bound", "Paused", "Stopped"})
# conditions that say something is wrong when they are False, and those that do when True
_WANTED = ("PodScheduled", "Synchronized", "Ready", "DataVolumesReady", "StorageLive")
_UNWANTED = ("Failure", "RestartRequired", "Paused", "MigrationRequired", "EvictionRequested")
_REMEDIES = (
    (r"devices\.kubevirt\.io/kvm", "no node has KVM: enable it, or emulation in KubeVirt"),
    (r"Insufficient (memory|cpu)", "ask for less, or make room on a node"),
    (r"ErrImagePull|ImagePullBackOff|manifest unknown|pull access denied",
     "check the image's name, and that nodes may pull it"),
    (r"persistentvolumeclaim .* not found|PVC .* not found", "create the claim, or name another"),
    (r"unbound immediate PersistentVolumeClaims|no persistent volumes available|ProvisioningFailed",
     "look at the storage class: `virtctl get storageclass,pvc`"),
    (r"secret .* not found", "create the secret, or name another"),
    (r"network-attachment-definition|[Cc]annot find a network",
     "create the network, or name another"),
    (r"failed to setup vlan tag",
     "the bridge cannot filter VLANs: leave `vlan` out, or use OVN's localnet, which needs none"),
    (r"failed plugging phase1", "the plug-in made no link: check the attachment's bridge"),
    (r"exceeded quota", "raise the quota of the namespace, or ask for less"),
    (r"DisksNotLiveMigratable|not shared", "use storage that is ReadWriteMany"),
    (r"untolerated taint|didn't match Pod's node (affinity|selector)",
     "let the machine's selector, affinity and tolerations allow some node"),
)  # fmt: skip


class Remark(NamedTuple):
    """One thing said by one object. ``grave`` is what keeps the machine from running."""

    of: str
    said: str
    grave: bool = False


@dataclass
class Known:
    """What was found of a machine; ``needs`` are objects that it names, by ``Kind NAME``."""

    vm: Document | None = None
    vmi: Document | None = None
    pod: Document | None = None
    needs: Mapping[str, Document | None] = field(default_factory=dict)
    events: list[Document] = field(default_factory=list)


class Verdict(NamedTuple):
    """One sentence, all remarks, and what may help."""

    sentence: str
    remarks: list[Remark]
    remedies: list[str]

    def document(self) -> Document:
        """As data."""
        return {
            "summary": self.sentence,
            "remarks": [
                {"object": r.of, "message": r.said, "grave": r.grave} for r in self.remarks
            ],
            "remedies": [*self.remedies],
        }


def judge(name: str, known: Known) -> Verdict:
    """What to say of machine ``name``."""
    if known.vm is None and known.vmi is None:
        return Verdict(f"there is no machine {name}", [], [])
    remarks = [*_machine(known), *_instance(known), *_pod(known), *_needs(known), *_events(known)]
    grave = [remark for remark in remarks if remark.grave]
    state = _state(known)
    # the last object of the chain is nearest to the cause
    sentence = f"{name} is {state}"
    if grave and state != "Running":
        sentence += f": {grave[-1].of}: {grave[-1].said}"
    return Verdict(sentence, remarks, _remedies(remarks))


def _state(known: Known) -> str:
    printed = text(known.vm or {}, "status", "printableStatus")
    return printed or text(known.vmi or {}, "status", "phase") or "not running"


def _remedies(remarks: list[Remark]) -> list[str]:
    said = "\n".join(remark.said for remark in remarks)
    return [remedy for pattern, remedy in _REMEDIES if re.search(pattern, said)]


def _machine(known: Known) -> Iterator[Remark]:
    vm = known.vm
    if vm is None:
        return
    of = f"VirtualMachine {name_of(vm)}"
    strategy = text(vm, "spec", "runStrategy") or (
        "Always" if flag(vm, "spec", "running") else "Halted"
    )
    if known.vmi is None:
        asked = {"Halted": "nobody started it", "Manual": "it is started by hand only"}
        yield Remark(of, f"run strategy {strategy}: {asked.get(strategy, 'it should run')}")
    failures = integer(vm, "status", "startFailure", "consecutiveFailCount")
    if failures:
        retry = text(vm, "status", "startFailure", "retryAfterTimestamp")
        yield Remark(of, f"failed to start {failures} times, tried again after {retry}", grave=True)
    for change in objects(vm, "status", "stateChangeRequests"):
        yield Remark(of, f"asked to {text(change, 'action').lower()}, not done yet")
    yield from _conditions(of, vm, instance_too=known.vmi is not None)


def _instance(known: Known) -> Iterator[Remark]:
    vmi = known.vmi
    if vmi is None:
        return
    of = f"VirtualMachineInstance {name_of(vmi)}"
    phase = text(vmi, "status", "phase") or "Pending"
    node = text(vmi, "status", "nodeName")
    yield Remark(of, f"phase {phase}{f' on node {node}' if node else ''}", grave=phase == "Failed")
    reason = text(vmi, "status", "reason")
    if reason:
        yield Remark(of, reason, grave=True)
    yield from _conditions(of, vmi)
    migration = text(vmi, "status", "migrationState", "failureReason")
    if migration:
        yield Remark(of, f"the last migration failed: {migration}")
    if phase == "Running" and not any(
        text(one, "type") == "AgentConnected" and text(one, "status") == "True"
        for one in objects(vmi, "status", "conditions")
    ):
        yield Remark(of, "no guest agent is connected: is it installed and running in the guest?")


def _conditions(of: str, document: Document, *, instance_too: bool = False) -> Iterator[Remark]:
    for condition in objects(document, "status", "conditions"):
        kind, status = text(condition, "type"), text(condition, "status")
        if instance_too and kind not in {"Failure", "RestartRequired"}:
            continue  # the instance says it itself, more exactly
        wrong = (kind in _WANTED and status == "False") or (kind in _UNWANTED and status == "True")
        why = ": ".join(filter(None, (text(condition, "reason"), text(condition, "message"))))
        if wrong:
            grave = kind not in {"Paused", "RestartRequired", "MigrationRequired"}
            yield Remark(of, f"{kind} is {status}{f': {why}' if why else ''}", grave=grave)
        elif kind == "LiveMigratable" and status == "False":
            yield Remark(of, f"it cannot migrate: {why}")


def _pod(known: Known) -> Iterator[Remark]:
    pod = known.pod
    if pod is None:
        return
    of = f"Pod {name_of(pod)}"
    for condition in objects(pod, "status", "conditions"):
        if text(condition, "type") == "PodScheduled" and text(condition, "status") == "False":
            yield Remark(of, f"not scheduled: {text(condition, 'message')}", grave=True)
    for group in ("initContainerStatuses", "containerStatuses"):
        for container in objects(pod, "status", group):
            yield from _container(of, container)
    if text(pod, "status", "phase") == "Failed":
        why = text(pod, "status", "message") or text(pod, "status", "reason")
        yield Remark(of, f"failed{f': {why}' if why else ''}", grave=True)


def _container(of: str, container: Document) -> Iterator[Remark]:
    name = text(container, "name")
    reason = text(container, "state", "waiting", "reason")
    if reason and reason not in {"PodInitializing", "ContainerCreating"}:
        message = text(container, "state", "waiting", "message")
        yield Remark(
            of, f"container {name} waits: {reason}{f': {message}' if message else ''}", grave=True
        )
    code = integer(container, "state", "terminated", "exitCode")
    if code:
        why = text(container, "state", "terminated", "message").strip().splitlines()
        yield Remark(
            of,
            f"container {name} ended with code {code}{f': {why[-1]}' if why else ''}",
            grave=True,
        )


def _needs(known: Known) -> Iterator[Remark]:
    for what, document in known.needs.items():
        if document is None:
            yield Remark(what, "it does not exist", grave=True)
            continue
        phase = text(document, "status", "phase")
        if phase and phase not in _GOOD:
            progress = text(document, "status", "progress")
            shown = f" {progress}" if progress and progress != "N/A" else ""
            yield Remark(what, f"phase {phase}{shown}", grave=True)
            yield from _stuck(what, document)


def _stuck(what: str, document: Document) -> Iterator[Remark]:
    for condition in objects(document, "status", "conditions"):
        message = text(condition, "message")
        if text(condition, "status") == "False" and message:
            yield Remark(what, f"{text(condition, 'type')} is False: {message}", grave=True)


def _events(known: Known) -> Iterator[Remark]:
    """Warnings, each once with its last words and time, the youngest last.

    Messages that differ in a made-up name only, such as a link's, are the same.
    """
    latest: dict[tuple[str, str], tuple[str, str]] = {}
    for event in sorted(known.events, key=_when):
        if text(event, "type") != "Warning":
            continue
        involved = event.get("involvedObject")
        held = involved if isinstance(involved, dict) else {}
        of = f"{text(held, 'kind')} {text(held, 'name')}"
        told = f"{text(event, 'reason')}: {text(event, 'message')}"
        latest[of, _MADE_UP.sub("*", told)] = (_when(event), told)
    found = sorted((when, of, told) for (of, _), (when, told) in latest.items())
    for when, of, said in found[-10:]:
        yield Remark(of, f"{said} ({when})" if when else said)


def _when(event: Document) -> str:
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "firstTimestamp")
