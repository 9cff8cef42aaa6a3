"""What a DataVolume's status says, read from its claim. Pure.

Words are CDI's: phases of ``DataVolumePhase``, conditions Bound, Running and Ready with their
reasons, and the events of its controllers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from virtctl.local.runtime import conditions, fillings
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.fillings import Progress
from virtctl.models.documents import (
    Document,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)

_BIND = "cdi.kubevirt.io/storage.bind.immediate.requested"
_TRANSFERS = {"import": "Import", "upload": "Upload", "clone": "Clone", "snapshot": "Clone"}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A state of a DataVolume. ``bound`` and ``running`` are conditions; ``event`` tells of it.

    ``problem`` is the reason of Ready that there is no claim.
    """

    phase: str
    bound: Document
    running: Document
    problem: str = ""
    event: str = ""
    message: str = ""
    warning: bool = False
    progress: str = "N/A"
    restarts: int | None = None


def pending(reason: str, message: str) -> Report:
    """There is no claim yet, and why."""
    is_error = reason.startswith("Err")
    return Report(
        phase="Pending",
        bound=condition("Bound", "False", reason=reason, message=message),
        running=condition("Running", "False"),
        problem=reason if is_error else "",
        event=reason if is_error else "",
        message=message,
        warning=is_error,
    )


def of(volume: Document, claim: Document, *, waits: bool = False) -> Report:
    """The state of a DataVolume with a claim.

    ``waits`` tells that claims of its class are bound for their first consumer only.
    """
    name = name_of(claim)
    wanted = fillings.wanted(claim)
    known = fillings.progress_of(claim)
    if text(claim, "status", "phase") == "Lost":
        return Report(
            phase="Failed",
            bound=condition("Bound", "False", reason="ClaimLost", message="Claim Lost"),
            running=condition("Running", "False"),
            event="ErrClaimLost", message=f"PVC {name} lost", warning=True,
        )  # fmt: skip
    if text(claim, "status", "phase") != "Bound":
        return _unbound(volume, name, waits=waits)
    done = known.phase == "Succeeded" or (not wanted and fillings.is_filled(claim))
    phase = "Succeeded" if done else _phase(wanted, known)
    event, message = _event(phase, claim, wanted)
    return Report(
        phase=phase,
        bound=condition("Bound", "True", reason="Bound", message=f"PVC {name} Bound"),
        running=_running(known, wanted, done=done),
        event=event,
        message=message,
        warning=event.endswith("Failed"),
        progress="100.0%" if done else _progress(claim, wanted, known),
        restarts=known.restarts,
    )


def status(volume: Document, report: Report, now: float) -> Document:
    """The status of ``volume`` in a state."""
    ready = condition("Ready", "False")
    if report.phase == "Succeeded":
        ready = condition("Ready", "True")
    elif text(report.running, "status") == "True":
        ready = condition("Ready", "False", reason="TransferRunning")
    elif report.problem:
        ready = condition("Ready", "False", reason=report.problem, message=report.message)
    wanted = (report.bound, ready, report.running)
    made: Document = {
        "claimName": name_of(volume),
        "conditions": conditions.beating(objects(volume, "status", "conditions"), wanted, now),
        "phase": report.phase,
        "progress": report.progress,
    }
    if report.restarts is not None:
        made["restartCount"] = report.restarts
    return made


def events(volume: Document, report: Report) -> Iterator[tuple[str, str, bool]]:
    """What is new: reason and message of each event, and whether it is a warning.

    A phase has an event, the claim's binding has one, and so does what keeps a bound one unfilled.
    """
    is_bound_news = _differs(volume, report.bound)
    is_new_phase = text(volume, "status", "phase") != report.phase
    if report.event and (is_new_phase or (report.problem and is_bound_news)):
        yield report.event, report.message, report.warning
    if is_bound_news:
        yield text(report.bound, "reason"), text(report.bound, "message"), False
    said = text(report.running, "message")
    stands = text(report.running, "status") == "False" and report.phase != "Succeeded"
    known = conditions.find_condition(volume, "Running") or {}
    if (
        stands
        and said
        and text(report.bound, "status") == "True"
        and text(known, "message") != said
    ):
        yield text(report.running, "reason"), said, True


def _differs(volume: Document, wanted: Document) -> bool:
    known = conditions.find_condition(volume, text(wanted, "type")) or {}
    fields = ("status", "reason", "message")
    return any(text(known, each) != text(wanted, each) for each in fields)


def _unbound(volume: Document, name: str, *, waits: bool) -> Report:
    hurries = _BIND in strings(volume, "metadata", "annotations")
    return Report(
        phase="WaitForFirstConsumer" if waits and not hurries else "Pending",
        bound=condition("Bound", "False", reason="Pending", message=f"PVC {name} Pending"),
        running=condition("Running", "False"),
    )


def _phase(wanted: str, known: Progress) -> str:
    transfer = _TRANSFERS.get(wanted, "Import")
    if known.phase == "Failed":
        return "Failed"
    if wanted == "upload":
        return "UploadReady" if known.ready else "UploadScheduled"
    if known.phase == "Running":
        return f"{transfer}InProgress"
    return f"{transfer}Scheduled"


def _running(known: Progress, wanted: str, *, done: bool) -> Document:
    if done:
        message = known.message or f"{_TRANSFERS.get(wanted, 'Import')} Complete"
        return condition("Running", "False", reason="Completed", message=message)
    status_word = "True" if known.running else "False"
    return condition("Running", status_word, reason=known.reason, message=known.message)


def _progress(claim: Document, wanted: str, known: Progress) -> str:
    if wanted == "upload" and not known.running:
        return "N/A"
    return strings(claim, "metadata", "annotations").get(fillings.PROGRESS, "N/A")


def _event(phase: str, claim: Document, wanted: str) -> tuple[str, str]:
    """Reason and message of the event that tells of a state."""
    transfer, name = _TRANSFERS.get(wanted, "Import"), name_of(claim)
    if phase == "Failed":
        return f"{transfer}Failed", f"Failed to {transfer.lower()} into PVC {name}"
    marks = strings(claim, "metadata", "annotations")
    origin = marks.get(fillings.CLONE) or marks.get(fillings.SNAPSHOT) or ""
    clone = f"Cloning from {origin} into {namespace_of(claim)}/{name}"
    copied = f"cloned from {origin} into {namespace_of(claim)}/{name}"
    messages = {
        "ImportScheduled": f"Import into {name} scheduled",
        "ImportInProgress": f"Import into {name} in progress",
        "ImportSucceeded": f"Successfully imported into PVC {name}",
        "UploadScheduled": f"Upload into {name} scheduled",
        "UploadReady": f"Upload into {name} ready",
        "UploadSucceeded": f"Successfully uploaded into {name}",
        "CloneScheduled": f"{clone} scheduled",
        "CloneInProgress": f"{clone} in progress",
        "CloneSucceeded": f"Successfully {copied}",
    }
    reason = f"{transfer}Succeeded" if phase == "Succeeded" else phase
    return reason, messages.get(reason, "")
