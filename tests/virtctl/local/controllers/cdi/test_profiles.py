"""Profiles of storage classes."""

from __future__ import annotations

from tests.fakes.cdi import classes
from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.cdi.profiles import ProfileController
from virtctl.local.controllers.claims import PROVISIONER
from virtctl.local.runtime.changes import describe
from virtctl.local.runtime.queue import Key

CONTROLLER = ProfileController(PROVISIONER)


def decide(*documents: dict, name: str = "local") -> list:
    seen = CONTROLLER.observe(Shelf(list(documents)), Key("", name))
    return list(CONTROLLER.decide(seen, NOW))


def new() -> dict:
    return decide(classes()[0])[0].document


def test_a_class_has_a_profile() -> None:
    assert new()["metadata"]["name"] == "local"


def test_what_our_own_volumes_are_good_for_is_known() -> None:
    (change,) = decide(classes()[0], new())
    status = change.body["status"]
    first = status["claimPropertySets"][0]
    assert first == {"accessModes": ["ReadWriteMany"], "volumeMode": "Filesystem"}
    assert {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"} in status["claimPropertySets"]
    assert (status["cloneStrategy"], status["dataImportCronSourceFormat"]) == ("copy", "pvc")


def test_the_users_wishes_come_first_and_snapshots_are_found() -> None:
    profile = new()
    profile["spec"] = {"claimPropertySets": [{"accessModes": ["X"]}], "cloneStrategy": "snapshot"}
    snapshots = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": "snaps"},
        "driver": PROVISIONER,
    }
    (change,) = decide(classes()[0], profile, snapshots)
    status = change.body["status"]
    assert status["claimPropertySets"] == [{"accessModes": ["X"]}]
    assert (status["cloneStrategy"], status["snapshotClass"]) == ("snapshot", "snaps")


def test_classes_of_others_are_unknown() -> None:
    other = classes()[0] | {"provisioner": "x"}
    (change,) = decide(other, new())
    assert "claimPropertySets" not in change.body["status"]


def test_a_profile_goes_with_its_class() -> None:
    (change,) = decide(new())
    assert describe(change) == {"delete": "StorageProfile", "name": "local"}
    assert decide(name="other") == []
