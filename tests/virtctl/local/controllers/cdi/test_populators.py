"""Claims that name what they are filled from."""

from __future__ import annotations

import pytest

from tests.fakes.cdi import claim
from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.cdi.populators import PopulatorController
from virtctl.local.runtime import fillings
from virtctl.local.runtime.changes import Announce, Requeue
from virtctl.local.runtime.queue import Key


def naming(kind: str, **more: str) -> dict:
    made = claim()
    made["spec"]["dataSourceRef"] = {"kind": kind, "name": "one", **more}
    return made


def populator(kind: str, **spec: object) -> dict:
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": kind,
        "metadata": {"name": "one", "namespace": "default"},
        "spec": spec,
    }


def decide(*documents: dict) -> list:
    controller = PopulatorController()
    seen = controller.observe(Shelf(list(documents)), Key("default", "dv1"))
    return [] if seen is None else list(controller.decide(seen, NOW))


@pytest.mark.parametrize(
    ("kind", "spec", "marks"),
    [
        (
            "VolumeImportSource",
            {"source": {"http": {"url": "u"}}, "preallocation": True},
            {fillings.SOURCE: "http", fillings.ENDPOINT: "u", fillings.PREALLOCATE: "true"},
        ),
        ("VolumeUploadSource", {"contentType": "archive"}, {fillings.UPLOAD: ""}),
        (
            "VolumeCloneSource",
            {"source": {"kind": "PersistentVolumeClaim", "name": "golden"}},
            {fillings.CLONE: "default/golden"},
        ),
        (
            "VolumeCloneSource",
            {"source": {"kind": "VolumeSnapshot", "name": "s"}},
            {fillings.SNAPSHOT: "default/s"},
        ),
    ],
)
def test_the_wish_is_written_on_the_claim(kind: str, spec: dict, marks: dict) -> None:
    (change,) = decide(naming(kind), populator(kind, **spec))
    content = {fillings.CONTENT: spec.get("contentType", "kubevirt")}
    assert change.body["metadata"]["annotations"] == marks | content


def test_claims_and_snapshots_are_copied_without_a_populator() -> None:
    (change,) = decide(naming("PersistentVolumeClaim"))
    assert change.body["metadata"]["annotations"] == {fillings.CLONE: "default/one"}
    (change,) = decide(naming("VolumeSnapshot", namespace="other"))
    assert change.body["metadata"]["annotations"] == {fillings.SNAPSHOT: "other/one"}


def test_what_is_not_there_is_waited_for() -> None:
    for others in ([], [populator("VolumeCloneSource", source={"kind": "Pod", "name": "x"})]):
        event, again = decide(naming("VolumeCloneSource"), *others)
        assert isinstance(event, Announce)
        assert isinstance(again, Requeue)


def test_claims_that_want_nothing_are_left_alone() -> None:
    assert decide() == []
    assert decide(claim()) == []
    assert decide(naming("Pod")) == []
    done = naming("VolumeUploadSource")
    done["metadata"]["annotations"][fillings.UPLOAD] = ""
    assert decide(done, populator("VolumeUploadSource")) == []
