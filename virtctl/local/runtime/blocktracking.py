"""Changed block tracking: which machines have it, and the states that it goes through. Pure.

The states are KubeVirt's. Tracking begins and ends with an instance: a machine that is selected
while it runs waits for its restart.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.errors import InvalidField
from virtctl.models.documents import Document, child, items, objects, strings, text
from virtctl.wire.labelselectors import read_selector

GATE = "IncrementalBackup"
INITIALIZING, ENABLED, DISABLED = "Initializing", "Enabled", "Disabled"
PENDING, SWITCHED_OFF = "PendingRestart", "IncrementalBackupFeatureGateDisabled"
ON = frozenset({INITIALIZING, ENABLED})
_OFF = frozenset({"", DISABLED})
_ELIGIBLE = ("persistentVolumeClaim", "dataVolume", "hostDisk")


@dataclass(frozen=True)
class Wish:
    """Whether a machine's changed blocks are to be tracked: ``selected`` by its labels or its
    namespace's, and possible at all by the feature gate.
    """

    selected: bool = False
    possible: bool = False


def wish(machine: Document, namespace: Document, configuration: Document) -> Wish:
    """What the KubeVirt object's ``configuration`` wants of a machine."""
    gates = items(child(configuration, "developerConfiguration"), "featureGates")
    selectors = child(configuration, "changedBlockTrackingLabelSelectors")
    selected = any(
        _fits(selectors, key, labels)
        for key, labels in (
            ("virtualMachineLabelSelector", strings(machine, "metadata", "labels")),
            ("namespaceLabelSelector", strings(namespace, "metadata", "labels")),
        )
    )
    return Wish(selected, GATE in gates)


def _fits(selectors: Document, key: str, labels: dict[str, str]) -> bool:
    if key not in selectors:
        return False
    try:
        return read_selector(child(selectors, key)).matches(labels)
    except InvalidField:
        return False


def state_of(document: Document) -> str:
    """The state in a machine's or an instance's status; empty when nobody spoke of it."""
    return text(document, "status", "changedBlockTracking", "state")


def is_on(document: Document) -> bool:
    """Whether an instance's changed blocks are tracked, or will be when it runs."""
    return state_of(document) in ON


def has_eligible(vmi: Document) -> bool:
    """Whether an instance has a volume whose changes can be tracked."""
    volumes = objects(vmi, "spec", "volumes")
    return any(source in volume for volume in volumes for source in _ELIGIBLE)


def of_machine(machine: Document, vmi: Document | None, wanted: Wish) -> str:
    """The next state of a machine; empty for none."""
    state = state_of(machine)
    theirs = None if vmi is None else state_of(vmi)
    if not wanted.possible:
        return _switched_off(state, theirs, wanted)
    if wanted.selected:
        return _wanted(state, theirs)
    if state in _OFF:
        return state
    return DISABLED if theirs is None or theirs in _OFF else PENDING


def _switched_off(state: str, theirs: str | None, wanted: Wish) -> str:
    if state == SWITCHED_OFF:
        return state
    if theirs is None or theirs in _OFF:
        return SWITCHED_OFF if wanted.selected else ""
    return PENDING if state in ON else state


def _wanted(state: str, theirs: str | None) -> str:
    if theirs is None:
        return state if state == ENABLED else INITIALIZING
    if state in ON:
        return ENABLED if theirs == ENABLED else INITIALIZING
    if state in {PENDING, DISABLED} and theirs in ON:
        return theirs
    return PENDING


def of_new_instance(machine: Document, wanted: Wish) -> str:
    """The state with which an instance begins; empty for none."""
    if not wanted.possible:
        return ""
    if wanted.selected:
        return INITIALIZING
    return DISABLED if state_of(machine) else ""
