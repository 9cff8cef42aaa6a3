import pytest

from virtctl.local.controllers.machine import datavolumes
from virtctl.local.controllers.machine.seen import Seen
from virtctl.local.runtime.changes import Create


def seen(annotations=None, **phases):
    metadata = {"name": "vm1", "namespace": "default", "uid": "u", "annotations": annotations or {}}
    templates = [
        {"metadata": {"name": "dv1", "annotations": {"x/y": "z"}}, "spec": {"source": {}}},
        {"metadata": {"name": "dv2"}, "spec": {}},
    ]
    known = {name: {"status": {"phase": phase}} for name, phase in phases.items()}
    vm = {"metadata": metadata, "spec": {"dataVolumeTemplates": templates}}
    return Seen(vm=vm, data_volumes=known)


def made(changes):
    return [one.document["metadata"]["name"] for one in changes if isinstance(one, Create)]


def test_missing_volumes_are_made():
    assert made(datavolumes.create(seen(), starts=False)) == ["dv1", "dv2"]
    assert made(datavolumes.create(seen(dv1=""), starts=False)) == ["dv2"]


def test_volumes_may_wait_for_the_first_start():
    late = seen({"kubevirt.io/immediate-data-volume-creation": "false"})
    assert made(datavolumes.create(late, starts=False)) == []
    assert made(datavolumes.create(late, starts=True)) == ["dv1", "dv2"]


def test_a_volume_keeps_what_its_template_says():
    change = next(datavolumes.create(seen(), starts=False))
    metadata = change.document["metadata"]
    assert metadata["annotations"] == {"x/y": "z"}
    assert metadata["labels"] == {"kubevirt.io/created-by": "u"}
    assert metadata["ownerReferences"][0]["kind"] == "VirtualMachine"
    assert change.document["spec"] == {"source": {}}


@pytest.mark.parametrize(
    ("phase", "tests"),
    [
        ("", ("unfilled",)),
        ("ImportInProgress", ("unfilled", "in_progress")),
        ("Failed", ("unfilled", "failed")),
        ("Succeeded", ()),
    ],
)
def test_phases(phase, tests):
    one = seen(dv1=phase, dv2="Succeeded")
    for test in ("unfilled", "in_progress", "failed"):
        assert getattr(datavolumes, test)(one) == (["dv1"] if test in tests else [])


def test_an_import_that_is_tried_again_is_in_trouble():
    one = seen(dv1="ImportInProgress", dv2="Succeeded")
    assert datavolumes.troubled(one) == []
    error = {"type": "Running", "status": "False", "reason": "Error"}
    one.data_volumes["dv1"]["status"]["conditions"] = [error]
    assert datavolumes.troubled(one) == ["dv1"]
    assert datavolumes.failed(one) == []
    assert datavolumes.troubled(seen(dv1="Failed")) == ["dv1"]


def test_what_is_not_there_is_unfilled():
    assert datavolumes.unfilled(seen()) == ["dv1", "dv2"]
