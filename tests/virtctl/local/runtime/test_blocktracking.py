"""States of changed block tracking."""

from __future__ import annotations

import pytest

from virtctl.local.runtime import blocktracking
from virtctl.local.runtime.blocktracking import Wish

WANTED, UNWANTED = Wish(selected=True, possible=True), Wish(selected=False, possible=True)
NOT_ON, OFF = Wish(selected=True, possible=False), Wish(selected=False, possible=False)
GATE_OFF = "IncrementalBackupFeatureGateDisabled"


def status(state: str) -> dict:
    return {"status": {"changedBlockTracking": {"state": state}} if state else {}}


@pytest.mark.parametrize(
    ("wish", "state", "theirs", "next_"),
    [
        # without an instance
        (WANTED, "", None, "Initializing"),
        (WANTED, "Disabled", None, "Initializing"),
        (WANTED, "PendingRestart", None, "Initializing"),
        (WANTED, GATE_OFF, None, "Initializing"),
        (WANTED, "Enabled", None, "Enabled"),
        (UNWANTED, "", None, ""),
        (UNWANTED, "Enabled", None, "Disabled"),
        (UNWANTED, "PendingRestart", None, "Disabled"),
        # with one
        (WANTED, "", "", "PendingRestart"),
        (WANTED, GATE_OFF, "", "PendingRestart"),
        (WANTED, "PendingRestart", "", "PendingRestart"),
        (WANTED, "PendingRestart", "Initializing", "Initializing"),
        (WANTED, "Disabled", "Enabled", "Enabled"),
        (WANTED, "Disabled", "Disabled", "PendingRestart"),
        (WANTED, "Initializing", "Initializing", "Initializing"),
        (WANTED, "Initializing", "Enabled", "Enabled"),
        (WANTED, "Enabled", "Initializing", "Initializing"),
        (UNWANTED, "Enabled", "Enabled", "PendingRestart"),
        (UNWANTED, "Enabled", "Disabled", "Disabled"),
        (UNWANTED, "Disabled", "Enabled", "Disabled"),
        # without the feature gate
        (NOT_ON, "", None, GATE_OFF),
        (NOT_ON, GATE_OFF, "Enabled", GATE_OFF),
        (NOT_ON, "Enabled", "Enabled", "PendingRestart"),
        (NOT_ON, "PendingRestart", "Enabled", "PendingRestart"),
        (OFF, "Enabled", None, ""),
    ],
)
def test_of_a_machine(wish: Wish, state: str, theirs: str | None, next_: str) -> None:
    vmi = None if theirs is None else status(theirs)
    assert blocktracking.of_machine(status(state), vmi, wish) == next_


@pytest.mark.parametrize(
    ("wish", "state", "begins"),
    [
        (WANTED, "", "Initializing"), (UNWANTED, "", ""), (UNWANTED, "Disabled", "Disabled"),
        (NOT_ON, "Enabled", ""),
    ],
)  # fmt: skip
def test_of_a_new_instance(wish: Wish, state: str, begins: str) -> None:
    assert blocktracking.of_new_instance(status(state), wish) == begins


def test_who_is_selected() -> None:
    gates = {"developerConfiguration": {"featureGates": ["IncrementalBackup"]}}

    def of(machine: dict, namespace: dict, **selectors: dict) -> Wish:
        labels = [{"metadata": {"labels": one}} for one in (machine, namespace)]
        configuration = {**gates, "changedBlockTrackingLabelSelectors": selectors}
        return blocktracking.wish(*labels, configuration)

    yes = {"matchLabels": {"a": "b"}}
    assert of({"a": "b"}, {}, virtualMachineLabelSelector=yes) == WANTED
    assert of({}, {"a": "b"}, virtualMachineLabelSelector=yes) == UNWANTED
    assert of({}, {"a": "b"}, namespaceLabelSelector=yes) == WANTED
    assert of({}, {}, namespaceLabelSelector={}) == WANTED  # an empty one selects all
    wrong = {"matchExpressions": [{"key": "a", "operator": "Odd"}]}
    assert of({"a": "b"}, {}, virtualMachineLabelSelector=wrong) == UNWANTED
    assert blocktracking.wish({}, {}, {}) == OFF


def test_what_is_eligible() -> None:
    def has(volume: dict) -> bool:
        return blocktracking.has_eligible({"spec": {"volumes": [{"name": "a", **volume}]}})

    assert has({"persistentVolumeClaim": {}})
    assert has({"dataVolume": {}})
    assert has({"hostDisk": {}})
    assert not has({"containerDisk": {}})
    assert blocktracking.is_on(status("Initializing"))
    assert not blocktracking.is_on(status("Disabled"))
