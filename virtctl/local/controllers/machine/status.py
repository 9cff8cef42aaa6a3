"""``VirtualMachine.status``: printableStatus in its order, conditions, generations. Pure."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from virtctl.local.controllers.machine import datavolumes, instancetypes, restart
from virtctl.local.controllers.machine.instance import observed_generation
from virtctl.local.controllers.machine.seen import (
    RunStrategy,
    Seen,
    claim_names,
    generation,
    has_start_request,
    is_final,
    is_migrating,
    phase,
    run_strategy,
    scheduling_reason,
    start_failures,
    synchronized_reason,
    template_spec,
    was_running,
)
from virtctl.local.controllers.machine.strategy import (
    Move,
    Verdict,
    pending_requests,
    start_failure,
)
from virtctl.local.runtime import blocktracking, conditions
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, JsonValue, child, objects, text

_OWN_CONDITIONS = {"Ready", "Failure", "RestartRequired", "ManualRecoveryRequired"}
_START_FAILED = "FailedStart"
_STARTING = {"", "Pending", "Scheduling", "Scheduled"}
_RESTARTING = {RunStrategy.ALWAYS, RunStrategy.RERUN_ON_FAILURE, RunStrategy.ONCE}


@dataclass(frozen=True)
class Failure:
    """Why the controller could not do what it decided."""

    reason: str
    message: str


@dataclass(frozen=True)
class _View:
    """What the rows of printableStatus look at."""

    seen: Seen
    verdict: Verdict

    @property
    def vmi(self) -> Document | None:
        return self.seen.vmi

    @property
    def over(self) -> bool:
        """No VMI, or one that ended."""
        return self.vmi is None or is_final(self.vmi)


def build(seen: Seen, verdict: Verdict, failure: Failure | None, now: float) -> Document:
    """The whole status, from what is seen and what was just decided."""
    status = deepcopy(child(seen.vm, "status"))
    _put(status, "printableStatus", printable(seen, verdict))
    _put(status, "created", seen.vmi is not None)
    _put(status, "ready", seen.vmi is not None and conditions.holds(seen.vmi, "Ready"))
    if seen.vmi is not None or "runStrategy" in status:
        # kept from the first start on, so that it tells whether there was one
        status["runStrategy"] = str(run_strategy(seen.vm))
    if not seen.chosen.problem:
        for key, reference in instancetypes.references(seen.chosen).items():
            if reference:  # what is no longer named stays, as in KubeVirt
                status[key] = reference
    _put(status, "startFailure", start_failure(seen, now))
    waiting: list[JsonValue] = list(pending_requests(seen, verdict))
    _put(status, "stateChangeRequests", waiting)
    _put(status, "volumeSnapshotStatuses", _snapshots(seen))
    tracked = blocktracking.of_machine(seen.vm, seen.vmi, seen.tracking)
    _put(status, "changedBlockTracking", {"state": tracked} if tracked else {})
    if seen.vmi is not None:
        status["desiredGeneration"] = generation(seen.vm)
        known = generation(seen.vm) if restart.same_template(seen) else 0
        _put(status, "observedGeneration", known or observed_generation(seen.vmi))
    status["conditions"] = _conditions(seen, failure, now)
    return status


def _put(status: Document, key: str, value: JsonValue) -> None:
    """Set ``key``, or leave it out when it says nothing, as Go's ``omitempty`` does."""
    if value:
        status[key] = value
    else:
        status.pop(key, None)


def printable(seen: Seen, verdict: Verdict) -> str:
    """``status.printableStatus``: the first row that holds."""
    view = _View(seen, verdict)
    for name, holds in _ROWS:
        if holds(view):
            return name
    return "Unknown"


def _stopping(view: _View) -> bool:
    if view.vmi is None or is_final(view.vmi):
        return False
    return is_deleting(view.vmi) or view.verdict.move is Move.STOP


def _paused(view: _View) -> bool:
    return _runs(view) and view.vmi is not None and conditions.holds(view.vmi, "Paused")


def _runs(view: _View) -> bool:
    return view.vmi is not None and phase(view.vmi) == "Running"


def _data_volume_error(view: _View) -> bool:
    return bool(datavolumes.troubled(view.seen))


def _provisioning(view: _View) -> bool:
    return view.over and bool(datavolumes.in_progress(view.seen))


def _set_to_start(view: _View) -> bool:
    strategy = run_strategy(view.seen.vm)
    if strategy is RunStrategy.MANUAL:
        return view.vmi is not None or has_start_request(view.seen.vm)
    return strategy in _RESTARTING


def _waits_for_binding(view: _View) -> bool:
    if not _set_to_start(view):
        return False
    claims = [view.seen.claims[name] for name in claim_names(view.seen.vm) if _there(view, name)]
    return any(text(claim, "status", "phase") != "Bound" for claim in claims)


def _there(view: _View, name: str) -> bool:
    return name in view.seen.claims


def _starting(view: _View) -> bool:
    if view.vmi is None:
        return view.verdict.move is Move.START
    return phase(view.vmi) in _STARTING


def _crash_loop(view: _View) -> bool:
    return (
        view.over
        and view.verdict.move is not Move.START
        and start_failures(view.seen.vm) > 0
        and run_strategy(view.seen.vm) in _RESTARTING
    )


def _waits_for_receiver(view: _View) -> bool:
    return run_strategy(view.seen.vm) is RunStrategy.WAIT_AS_RECEIVER and (
        view.vmi is None or phase(view.vmi) == "WaitingForSync"
    )


_ROWS: tuple[tuple[str, Callable[[_View], bool]], ...] = (
    ("Terminating", lambda view: is_deleting(view.seen.vm)),
    ("Stopping", _stopping),
    ("Migrating", lambda view: view.vmi is not None and is_migrating(view.vmi)),
    ("Paused", _paused),
    ("Running", _runs),
    ("ErrorPvcNotFound", lambda view: synchronized_reason(view.vmi) == "FailedPvcNotFound"),
    ("DataVolumeError", _data_volume_error),
    ("ErrorUnschedulable", lambda view: scheduling_reason(view.vmi) == "Unschedulable"),
    ("Provisioning", _provisioning),
    ("WaitingForVolumeBinding", _waits_for_binding),
    ("ErrImagePull", lambda view: synchronized_reason(view.vmi) == "ErrImagePull"),
    ("ImagePullBackOff", lambda view: synchronized_reason(view.vmi) == "ImagePullBackOff"),
    ("Starting", _starting),
    ("CrashLoopBackOff", _crash_loop),
    ("Stopped", lambda view: view.over),
    ("WaitingForReceiver", _waits_for_receiver),
)


def _conditions(seen: Seen, failure: Failure | None, now: float) -> list[JsonValue]:
    known = list(objects(seen.vm, "status", "conditions"))
    theirs = [] if seen.vmi is None else list(objects(seen.vmi, "status", "conditions"))
    copied = [dict(theirs_) for theirs_ in theirs if text(theirs_, "type") not in _OWN_CONDITIONS]
    wanted = [_ready(seen, now), *copied]
    # what the last instance said stays until there is another one
    old = set() if seen.vmi is None else {text(old, "type") for old in known}
    drop = old - _OWN_CONDITIONS - {text(new, "type") for new in copied}
    needs = restart.reason(seen)
    if needs:
        wanted.append(condition("RestartRequired", "True", message=needs))
    else:
        drop.add("RestartRequired")
    failed = _failure(seen, failure)
    if failed is not None:
        wanted.append(failed)
    else:
        drop.add("Failure")
    return conditions.merged(known, wanted, now, drop=drop)


def _failure(seen: Seen, failure: Failure | None) -> Document | None:
    """What keeps the machine from running: now, or when its last instance did not come up.

    The latter stays while starts are backed off, because the instance that said it is gone.
    """
    if failure is not None:
        return condition("Failure", "True", reason=failure.reason, message=failure.message)
    if seen.vmi is None:
        known = conditions.find_condition(seen.vm, "Failure")
        backs_off = start_failures(seen.vm) > 0 and known is not None
        return known if backs_off and text(known or {}, "reason") == _START_FAILED else None
    why = conditions.find_condition(seen.vmi, "Synchronized")
    if not is_final(seen.vmi) or was_running(seen.vmi) or why is None:
        return None
    return condition("Failure", "True", reason=_START_FAILED, message=text(why, "message"))


def _ready(seen: Seen, now: float) -> Document:
    if seen.vmi is None:
        reason = "VMINotExists"
        known = conditions.find_condition(seen.vm, "Ready") or {}
        probed = text(known, "lastProbeTime") if text(known, "reason") == reason else ""
        made = condition("Ready", "False", reason=reason, message="VMI does not exist")
        return {"lastProbeTime": probed or stamp(now), **made}
    theirs = conditions.find_condition(seen.vmi, "Ready")
    if theirs is None:
        return condition(
            "Ready",
            "False",
            reason="VMIConditionMissing",
            message="VMI is missing the Ready condition",
        )
    return {key: value for key, value in theirs.items() if key != "lastProbeTime"}


def _snapshots(seen: Seen) -> list[JsonValue]:
    """``volumeSnapshotStatuses``: disks on claims of a class of ours can be snapshotted."""
    found: list[JsonValue] = []
    for volume in objects(template_spec(seen.vm), "volumes"):
        name = text(volume, "name")
        claim = text(volume, "persistentVolumeClaim", "claimName") or text(
            volume, "dataVolume", "name"
        )
        if text(seen.claims.get(claim, {}), "status", "phase") == "Bound":
            found.append({"name": name, "enabled": True})
            continue
        why = f"Snapshot is not supported for this volumeSource type [{name}]"
        if claim and claim not in seen.claims:
            why = "PVC not found"
        elif claim:
            storage_class = text(seen.claims.get(claim, {}), "spec", "storageClassName")
            why = (
                "No VolumeSnapshotClass: Volume snapshots are not configured for this "
                f"StorageClass [{storage_class}] [{name}]"
            )
        found.append({"name": name, "enabled": False, "reason": why})
    return found
