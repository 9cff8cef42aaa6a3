"""Phases of a VirtualMachineInstance, with the times of their transitions (api.md §4.1). Pure."""

from __future__ import annotations

from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, items, objects, text

FINAL = frozenset({"Succeeded", "Failed"})


def phase_of(vmi: Document) -> str:
    """``status.phase``; empty before anybody looked at the VMI."""
    return text(vmi, "status", "phase")


def is_final(vmi: Document) -> bool:
    """Whether the guest is over."""
    return phase_of(vmi) in FINAL


def enter(status: Document, phase: str, now: float) -> None:
    """Set ``phase`` of a VMI's status and note when, unless it is in that phase already."""
    noted = {text(passed, "phase") for passed in objects(status, "phaseTransitionTimestamps")}
    if status.get("phase") == phase and phase in noted:
        return
    status["phase"] = phase
    status["phaseTransitionTimestamps"] = [
        *items(status, "phaseTransitionTimestamps"),
        {"phase": phase, "phaseTransitionTimestamp": stamp(now)},
    ]
