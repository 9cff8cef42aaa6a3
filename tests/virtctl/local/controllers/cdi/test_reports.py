"""What DataVolumes say of themselves."""

from __future__ import annotations

import pytest

from tests.fakes.cdi import claim, data_volume
from tests.fakes.shelf import NOW
from virtctl.local.controllers.cdi.reports import events, of, pending, status

IMPORT = {"SOURCE": "http"}
RUNNING = {"POD_PHASE": "Running", "RUNNING": "true", "REASON": "Pod is running"}


@pytest.mark.parametrize(
    ("marks", "phase", "event"),
    [
        (IMPORT, "ImportScheduled", "ImportScheduled"),
        (IMPORT | RUNNING, "ImportInProgress", "ImportInProgress"),
        (IMPORT | {"POD_PHASE": "Succeeded"}, "Succeeded", "ImportSucceeded"),
        (IMPORT | {"POD_PHASE": "Failed", "REASON": "Error"}, "Failed", "ImportFailed"),
        ({"UPLOAD": ""}, "UploadScheduled", "UploadScheduled"),
        ({"UPLOAD": "", "POD_READY": "true"} | RUNNING, "UploadReady", "UploadReady"),
        ({"UPLOAD": "", "POD_PHASE": "Succeeded"}, "Succeeded", "UploadSucceeded"),
        ({"CLONE": "a/b"}, "CloneScheduled", "CloneScheduled"),
        ({"CLONE": "a/b"} | RUNNING, "CloneInProgress", "CloneInProgress"),
        ({"SNAPSHOT": "a/b", "POD_PHASE": "Succeeded"}, "Succeeded", "CloneSucceeded"),
        ({}, "Succeeded", "ImportSucceeded"),
    ],
)
def test_phases_and_events(marks: dict, phase: str, event: str) -> None:
    report = of(data_volume(), claim(**marks))
    assert (report.phase, report.event) == (phase, event)
    assert report.message


def test_progress_and_restarts_come_from_the_claim() -> None:
    report = of(data_volume(), claim(PROGRESS="45.00%", RESTARTS="3", **IMPORT, **RUNNING))
    assert (report.progress, report.restarts) == ("45.00%", 3)
    assert of(data_volume(), claim(POD_PHASE="Succeeded", **IMPORT)).progress == "100.0%"


def test_an_error_is_told_while_it_is_tried_again() -> None:
    marks = {"POD_PHASE": "Running", "REASON": "Error", "MESSAGE": "no route"}
    report = of(data_volume(), claim(**IMPORT, **marks))
    assert report.phase == "ImportInProgress"
    found = {one["type"]: one for one in status(data_volume(), report, NOW)["conditions"]}
    assert (found["Running"]["status"], found["Running"]["message"]) == ("False", "no route")
    assert found["Ready"]["status"] == "False"
    assert "reason" not in found["Ready"]
    volume = data_volume()
    volume["status"] = status(volume, of(volume, claim(**IMPORT, **RUNNING)), NOW)
    assert list(events(volume, report)) == [("Error", "no route", True)]
    volume["status"] = status(volume, report, NOW)
    assert list(events(volume, report)) == []


def test_what_is_waited_for_is_told() -> None:
    marks = {"POD_PHASE": "Pending", "REASON": "CloneSourceInUse", "MESSAGE": "pod x"}
    report = of(data_volume(), claim(CLONE="a/b", **marks))
    assert report.phase == "CloneScheduled"
    told = [(reason, message) for reason, message, _ in events(data_volume(), report)]
    assert told[1:] == [("Bound", "PVC dv1 Bound"), ("CloneSourceInUse", "pod x")]


def test_a_claim_that_is_not_bound() -> None:
    unbound = claim(phase="Pending", **IMPORT)
    assert of(data_volume(), unbound).phase == "Pending"
    assert of(data_volume(), unbound, waits=True).phase == "WaitForFirstConsumer"
    hurried = data_volume()
    hurried["metadata"]["annotations"] = {"cdi.kubevirt.io/storage.bind.immediate.requested": ""}
    assert of(hurried, unbound, waits=True).phase == "Pending"
    assert of(data_volume(), claim(phase="Lost")).phase == "Failed"


def test_conditions_are_those_of_a_full_claim() -> None:
    made = status(data_volume(), of(data_volume(), claim(POD_PHASE="Succeeded", **IMPORT)), NOW)
    found = {one["type"]: (one["status"], one.get("reason")) for one in made["conditions"]}
    assert found == {
        "Bound": ("True", "Bound"),
        "Ready": ("True", None),
        "Running": ("False", "Completed"),
    }
    assert made["claimName"] == "dv1"


def test_heartbeats_stand_still_with_their_condition() -> None:
    volume = data_volume()
    volume["status"] = status(volume, pending("Pending", "x"), NOW)
    assert status(volume, pending("Pending", "x"), NOW + 60) == volume["status"]
    later = status(volume, pending("Pending", "y"), NOW + 60)
    beats = {one["type"]: one["lastHeartbeatTime"] for one in later["conditions"]}
    assert beats["Bound"] > beats["Running"]


def test_news_is_what_was_not_said() -> None:
    volume = data_volume()
    waits, refused = pending("Pending", "x"), pending("ErrClaimNotValid", "y")
    assert list(events(volume, waits)) == [("Pending", "x", False)]
    volume["status"] = status(volume, waits, NOW)
    assert list(events(volume, waits)) == []
    error = ("ErrClaimNotValid", "y")
    assert list(events(volume, refused)) == [(*error, True), (*error, False)]
    volume["status"] = status(volume, refused, NOW)
    assert list(events(volume, refused)) == []
    ready = next(one for one in volume["status"]["conditions"] if one["type"] == "Ready")
    assert (ready["status"], ready["reason"], ready["message"]) == ("False", *error)
