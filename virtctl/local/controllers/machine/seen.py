"""What the VirtualMachine controller looks at, and how it reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from virtctl.errors import InvalidField
from virtctl.local.controllers.machine.instancetypes import Chosen
from virtctl.local.runtime import blocktracking
from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import (
    Document,
    child,
    find,
    flag,
    integer,
    objects,
    text,
    uid_of,
)


class RunStrategy(StrEnum):
    """``spec.runStrategy``; ``spec.running`` is Always or Halted."""

    ALWAYS = "Always"
    RERUN_ON_FAILURE = "RerunOnFailure"
    MANUAL = "Manual"
    HALTED = "Halted"
    ONCE = "Once"
    WAIT_AS_RECEIVER = "WaitAsReceiver"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A machine and all that belongs to it.

    ``vmi`` is the machine's own; a ``stranger`` has its name but another controller. ``revision``
    is the ControllerRevision that the VMI was started from, ``revisions`` all of this machine,
    ``claims`` the PersistentVolumeClaims that its volumes name, ``data_volumes`` those that its
    templates name, ``chosen`` what its instancetype and preference make of it. ``volumes_follow``
    says that volumes of the running instance are those of the template: without the feature gate
    ``HotplugVolumes`` nobody changes them alone. ``tracking`` is whether changed blocks of its
    disks are wanted.
    """

    vm: Document
    vmi: Document | None = None
    stranger: Document | None = None
    revision: Document | None = None
    revisions: tuple[Document, ...] = ()
    claims: dict[str, Document] = field(default_factory=dict)
    data_volumes: dict[str, Document] = field(default_factory=dict)
    chosen: Chosen = field(default_factory=Chosen)
    volumes_follow: bool = True
    tracking: blocktracking.Wish = field(default_factory=blocktracking.Wish)


def run_strategy(vm: Document) -> RunStrategy:
    """The strategy in force. Raises ``InvalidField`` for an unknown one."""
    name = text(vm, "spec", "runStrategy")
    if not name:
        return RunStrategy.ALWAYS if flag(vm, "spec", "running") else RunStrategy.HALTED
    try:
        return RunStrategy(name)
    except ValueError:
        known = ", ".join(RunStrategy)
        raise InvalidField("spec.runStrategy", name, f"must be one of {known}") from None


def phase(vmi: Document) -> str:
    """``status.phase`` of a VMI."""
    return text(vmi, "status", "phase")


def is_final(vmi: Document) -> bool:
    """Whether the guest is over."""
    return phase(vmi) in {"Succeeded", "Failed"}


def is_alive(vmi: Document | None) -> bool:
    """Whether there is a VMI that is neither over nor on its way out."""
    return vmi is not None and not is_final(vmi) and not is_deleting(vmi)


def was_running(vmi: Document) -> bool:
    """Whether the VMI ever reached Running."""
    return any(
        text(passed, "phase") == "Running"
        for passed in objects(vmi, "status", "phaseTransitionTimestamps")
    )


def requests(vm: Document) -> list[Document]:
    """``status.stateChangeRequests``, the first to be processed first."""
    return list(objects(vm, "status", "stateChangeRequests"))


def has_start_request(vm: Document) -> bool:
    """Whether the next request is a Start."""
    pending = requests(vm)
    return bool(pending) and text(pending[0], "action") == "Start"


def wants_paused_start(vm: Document) -> bool:
    """Whether the pending Start asks for a paused guest."""
    return has_start_request(vm) and text(requests(vm)[0], "data", "paused") == "true"


def has_stop_request(vm: Document, vmi: Document) -> bool:
    """Whether the next request is a Stop of exactly this VMI."""
    pending = requests(vm)
    return (
        bool(pending)
        and text(pending[0], "action") == "Stop"
        and text(pending[0], "uid") == uid_of(vmi)
    )


def start_failures(vm: Document) -> int:
    """How often in a row a VMI ended before it ran."""
    return integer(vm, "status", "startFailure", "consecutiveFailCount")


def template_spec(vm: Document) -> Document:
    """``spec.template.spec``."""
    return child(vm, "spec", "template", "spec")


def generation(vm: Document) -> int:
    """``metadata.generation``."""
    return integer(vm, "metadata", "generation")


def claim_names(vm: Document) -> list[str]:
    """The claims that the template's volumes name; a data volume's claim has its name."""
    names = []
    for volume in objects(template_spec(vm), "volumes"):
        name = text(volume, "persistentVolumeClaim", "claimName") or text(
            volume, "dataVolume", "name"
        )
        if name:
            names.append(name)
    return names


def synchronized_reason(vmi: Document | None) -> str:
    """The reason of ``Synchronized=False``; empty when nothing is wrong."""
    return _false_reason(vmi, "Synchronized")


def scheduling_reason(vmi: Document | None) -> str:
    """The reason of ``PodScheduled=False``."""
    return _false_reason(vmi, "PodScheduled")


def _false_reason(vmi: Document | None, kind: str) -> str:
    if vmi is None:
        return ""
    for known in objects(vmi, "status", "conditions"):
        if text(known, "type") == kind and text(known, "status") == "False":
            return text(known, "reason")
    return ""


def is_migrating(vmi: Document) -> bool:
    """Whether a migration has begun and neither ended nor failed."""
    if find(vmi, "status", "migrationState") is None:
        return False
    state = child(vmi, "status", "migrationState")
    return bool(text(state, "startTimestamp")) and not (
        text(state, "endTimestamp") or flag(state, "completed") or flag(state, "failed")
    )
