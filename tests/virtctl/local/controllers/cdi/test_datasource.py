"""What DataSources stand for."""

from __future__ import annotations

import pytest

from tests.fakes.cdi import claim, data_volume
from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.cdi.datasource import DataSourceController
from virtctl.local.runtime.changes import Patch, Requeue
from virtctl.local.runtime.queue import Key


def source(name: str, **origin: dict) -> dict:
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataSource",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"source": origin},
    }


def snapshot(*, ready: bool) -> dict:
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot",
        "metadata": {"name": "s", "namespace": "default"}, "status": {"readyToUse": ready},
    }  # fmt: skip


def status(*documents: dict) -> tuple[dict, str]:
    controller = DataSourceController()
    seen = controller.observe(Shelf(list(documents)), Key("default", "one"))
    change, *more = controller.decide(seen, NOW)
    found = change.body["status"]
    (ready,) = found["conditions"]
    assert ready["lastHeartbeatTime"] == ready["lastTransitionTime"]
    # What it leads to may come and go without our being told.
    assert any(isinstance(one, Requeue) for one in more)
    return found["source"], ready.get("reason", "")


FULL = {"SOURCE": "http", "POD_PHASE": "Succeeded"}
IMPORTING = data_volume(name="dv1") | {"status": {"phase": "ImportInProgress"}}


@pytest.mark.parametrize(
    ("origin", "others", "reason"),
    [
        ({}, [], "NoSource"),
        ({"pvc": {"name": "dv1"}}, [], "NotFound"),
        ({"pvc": {"name": "dv1"}}, [claim(**FULL)], "Ready"),
        ({"pvc": {"name": "dv1"}}, [claim(SOURCE="http"), IMPORTING], "ImportInProgress"),
        ({"snapshot": {"name": "s"}}, [], "NotFound"),
        ({"snapshot": {"name": "s"}}, [snapshot(ready=False)], "SnapshotNotReady"),
        ({"snapshot": {"name": "s"}}, [snapshot(ready=True)], "Ready"),
        ({"dataSource": {"name": "two"}}, [], "NotFound"),
        ({"dataSource": {"name": "one"}}, [], "SelfReference"),
        ({"dataSource": {"name": "two", "namespace": "x"}}, [], "CrossNamespaceReference"),
        (
            {"dataSource": {"name": "two"}},
            [source("two", dataSource={"name": "three"})],
            "MaxReferenceDepthReached",
        ),
    ],
)
def test_states(origin: dict, others: list, reason: str) -> None:
    assert status(source("one", **origin), *others)[1] == reason


def test_a_source_is_followed_to_its_end() -> None:
    two = source("two", pvc={"name": "dv1"})
    found = status(source("one", dataSource={"name": "two"}), two, claim(**FULL))
    assert found == ({"pvc": {"name": "dv1"}}, "Ready")


def test_what_is_not_ready_stands_for_nothing() -> None:
    assert status(source("one", pvc={"name": "dv1"}), IMPORTING) == ({}, "ImportInProgress")


def test_labels_of_what_it_stands_for_are_its_own() -> None:
    label = "instancetype.kubevirt.io/default-instancetype"
    full = claim(**FULL)
    full["metadata"]["labels"] = {label: "u1.small", "team": "x"}
    for known, cron, expected in (
        ({}, {}, {label: "u1.small"}),
        ({label: "u1.large"}, {}, {label: "u1.small"}),
        ({label: "u1.large"}, {"cdi.kubevirt.io/dataImportCron": "c"}, None),
    ):
        one = source("one", pvc={"name": "dv1"})
        one["metadata"]["labels"] = {**known, **cron}
        controller = DataSourceController()
        seen = controller.observe(Shelf([one, full]), Key("default", "one"))
        bodies = [
            change.body for change in controller.decide(seen, NOW) if isinstance(change, Patch)
        ]
        given = [body["metadata"]["labels"] for body in bodies if "metadata" in body]
        assert given == ([] if expected is None else [expected])


def test_what_is_gone_is_nothing() -> None:
    assert DataSourceController().observe(Shelf([]), Key("default", "one")) is None
