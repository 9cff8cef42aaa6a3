"""Machines of a pool that are made, removed and let go. Pure.

Every machine carries the pool's finalizer, so that what it leaves behind can be kept before it
goes (``statePreservation``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from virtctl.local.controllers.pool.seen import (
    FINALIZER,
    Seen,
    has,
    index_of,
    replicas,
    revision_name,
)
from virtctl.local.controllers.pool.template import build_machine, build_revision
from virtctl.local.runtime import conditions
from virtctl.local.runtime.changes import Announce, Change, Create, delete, patch
from virtctl.local.runtime.owners import finalizers, is_controlled_by, references, without_finalizer
from virtctl.local.runtime.times import seconds
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    integer,
    items,
    name_of,
    namespace_of,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import CONTROLLER_REVISION, VIRTUAL_MACHINE
from virtctl.wire.labelselectors import read_requirements, read_selector
from virtctl.wire.quantities import parse_duration

BURST = 250
"""Creations or deletions in one turn, as virt-controller's limit."""

_START_FAILURES = 3
_FAILING_SECONDS = 300.0
_FAILING = {
    "CrashLoopBackOff", "ErrorUnschedulable", "DataVolumeError", "ErrorPvcNotFound",
    "ErrImagePull", "ImagePullBackOff",
}  # fmt: skip


def is_stable(seen: Seen) -> bool:
    """Whether there are as many machines as there should be."""
    return len(seen.machines) == replicas(seen.pool)


def scale(seen: Seen, now: float) -> Iterator[Change]:
    """Make what is missing, remove what is too much, heal what does not start."""
    missing = replicas(seen.pool) - len(seen.machines)
    if missing > 0:
        yield from _grow(seen, min(missing, BURST))
        return
    ill = failing(seen, now) if has(seen.pool, "autohealing") else []
    for vm in ill[:BURST]:
        yield from remove(seen, vm)
    if ill:
        return
    excess = len(seen.staying) - replicas(seen.pool)
    strategy = child(seen.pool, "spec", "scaleInStrategy")
    if excess > 0 and not ("unmanaged" in strategy or "opportunistic" in strategy):
        for vm in candidates(seen, now)[: min(excess, BURST)]:
            yield from remove(seen, vm)


def _grow(seen: Seen, count: int) -> Iterator[Change]:
    yield from ensure_revision(seen)
    for index in free_indices(seen, count):
        vm = build_machine(seen.pool, index)
        yield Create(kind=VIRTUAL_MACHINE, document=vm)
        message = f"Created VM {namespace_of(vm)}/{name_of(vm)}"
        yield Announce(about=seen.pool, reason="SuccessfulCreate", message=message)


def ensure_revision(seen: Seen) -> Iterator[Change]:
    """The pool's revision as it is now, unless it is there."""
    if revision_name(seen.pool) not in seen.revisions:
        yield Create(kind=CONTROLLER_REVISION, document=build_revision(seen.pool))


def free_indices(seen: Seen, count: int) -> list[int]:
    """The lowest numbers by which no machine of the namespace is called."""
    found: list[int] = []
    index = 0
    while len(found) < count:
        if f"{name_of(seen.pool)}-{index}" not in seen.taken:
            found.append(index)
        index += 1
    return found


# --- what goes ----------------------------------------------------------------------------------


def remove(seen: Seen, vm: Document) -> Iterator[Change]:
    """Delete a machine of the pool's own will."""
    yield delete(VIRTUAL_MACHINE, vm)
    yield from let_go(seen, vm, preserve=_preserves(seen.pool, "proactive"))
    message = f"Deleted VM {namespace_of(vm)}/{name_of(vm)} with uid {uid_of(vm)} from pool"
    yield Announce(about=seen.pool, reason="SuccessfulDelete", message=message)


def release(seen: Seen) -> Iterator[Change]:
    """Let go of the machines that somebody else deleted."""
    for vm in seen.leaving:
        if FINALIZER in finalizers(vm):
            yield from let_go(seen, vm, preserve=_preserves(seen.pool, "opportunistic"))


def let_go(seen: Seen, vm: Document, *, preserve: bool) -> Iterator[Change]:
    """Drop the pool's finalizer of a machine; with ``preserve`` its disks outlive it."""
    if preserve:
        for one in seen.storage.get(name_of(vm), ()):
            if is_controlled_by(one.document, vm):
                kept: list[JsonValue] = [
                    owner for owner in references(one.document) if text(owner, "uid") != uid_of(vm)
                ]
                body: Document = {"metadata": {"ownerReferences": kept or None}}
                yield patch(one.kind, one.document, body)
    if FINALIZER in finalizers(vm):
        yield patch(VIRTUAL_MACHINE, vm, without_finalizer(vm, FINALIZER))


def _preserves(pool: Document, strategy: str) -> bool:
    given = text(pool, "spec", "scaleInStrategy", strategy, "statePreservation")
    return given not in {"", "Disabled"}


def candidates(seen: Seen, now: float) -> list[Document]:
    """The machines that may be removed, in the order in which they are."""
    policy = child(seen.pool, "spec", "scaleInStrategy", "proactive", "selectionPolicy")
    return in_order(selected(seen.staying, policy), policy, f"{uid_of(seen.pool)} {now}")


def in_order(machines: list[Document], policy: Document, seed: str) -> list[Document]:
    """``machines`` by ``sortPolicy``; ``seed`` stands for chance."""

    def chance(vm: Document) -> str:
        return hashlib.sha256(f"{seed} {uid_of(vm)}".encode()).hexdigest()

    def born(vm: Document) -> float:
        return seconds(text(vm, "metadata", "creationTimestamp"))

    match text(policy, "sortPolicy"):
        case "AscendingOrder":
            return sorted(machines, key=index_of)
        case "DescendingOrder":
            return sorted(machines, key=index_of, reverse=True)
        case "Newest":
            return sorted(machines, key=born, reverse=True)
        case "Oldest":
            return sorted(machines, key=born)
        case _:
            return sorted(machines, key=chance)


def selected(machines: list[Document], policy: Document) -> list[Document]:
    """The machines whose templates the policy's selectors fit; all when there are none."""
    tests: list[Callable[[Document], bool]] = []
    selectors = child(policy, "selectors")
    if "labelSelector" in selectors:
        labels = read_selector(child(selectors, "labelSelector"))
        tests.append(
            lambda vm: labels.matches(strings(vm, "spec", "template", "metadata", "labels"))
        )
    if items(selectors, "nodeSelectorRequirementMatcher"):
        nodes = read_requirements(selectors, "nodeSelectorRequirementMatcher")
        tests.append(
            lambda vm: nodes.matches(strings(vm, "spec", "template", "spec", "nodeSelector"))
        )
    return [vm for vm in machines if all(test(vm) for test in tests)]


def failing(seen: Seen, now: float) -> list[Document]:
    """The machines that do not start, by ``spec.autohealing``."""
    healing = child(seen.pool, "spec", "autohealing")
    most = integer(healing, "startUpFailureThreshold", default=_START_FAILURES)
    given = text(healing, "minFailingToStartDuration")
    longest = parse_duration(given).total_seconds() if given else _FAILING_SECONDS

    def fails(vm: Document) -> bool:
        if integer(vm, "status", "startFailure", "consecutiveFailCount") >= most:
            return True
        ready = conditions.find_condition(vm, "Ready")
        if text(vm, "status", "printableStatus") not in _FAILING or ready is None:
            return False
        since = seconds(text(ready, "lastTransitionTime"))
        return text(ready, "status") == "False" and now - since >= longest

    return [vm for vm in seen.staying if fails(vm)]
