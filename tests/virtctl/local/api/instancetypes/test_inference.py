"""Inference from volumes."""

import pytest

from tests.fakes.lookups import lookup, stored
from virtctl.local.api.instancetypes.inference import CannotInfer, infer, source_architecture
from virtctl.local.api.instancetypes.matching import INSTANCETYPE, PREFERENCE
from virtctl.models import kinds

LABELS = {
    "instancetype.kubevirt.io/default-instancetype": "it1",
    "instancetype.kubevirt.io/default-instancetype-kind": "VirtualMachineInstancetype",
    "instancetype.kubevirt.io/default-preference": "pr1",
}
HALF = {"instancetype.kubevirt.io/default-preference": "other"}
CLAIM = stored(kinds.PVC, "p1", labels=LABELS)
SOURCE = {"kind": "DataSource", "name": "ds1"}


def vm(volume=None, policy="", templates=()):
    matcher = {"inferFromVolume": "d1", "inferFromVolumeFailurePolicy": policy}
    volumes = [{"name": "d1", **(volume or {})}]
    return {
        "metadata": {"name": "vm1", "namespace": "ns"},
        "spec": {
            "instancetype": dict(matcher),
            "preference": dict(matcher),
            "dataVolumeTemplates": [*templates],
            "template": {"spec": {"domain": {"memory": {"guest": "1Gi"}}, "volumes": volumes}},
        },
    }


def claim(name="p1"):
    return {"persistentVolumeClaim": {"claimName": name}}


def imported(name="dv1"):
    return {"dataVolume": {"name": name}}


def template(**spec):
    return {"metadata": {"name": "dv1"}, "spec": spec}


def inferred(machine, find, part=INSTANCETYPE):
    infer(machine, part, find)
    return machine["spec"].get(part.field)


FOUND = {"name": "it1", "kind": "VirtualMachineInstancetype"}
BY_CLAIM = {"source": {"pvc": {"name": "p1", "namespace": "ns"}}}


@pytest.mark.parametrize(
    ("machine", "objects"),
    [
        (vm(claim()), [CLAIM]),
        (vm(imported(), templates=[template(**BY_CLAIM)]), [CLAIM]),
        (
            vm(
                imported(),
                templates=[template(source={"snapshot": {"name": "s1", "namespace": "ns"}})],
            ),
            [stored(kinds.VOLUME_SNAPSHOT, "s1", labels=LABELS)],
        ),
        (
            vm(imported(), templates=[template(sourceRef=SOURCE)]),
            [stored(kinds.DATA_SOURCE, "ds1", labels=LABELS)],
        ),
        (
            vm(imported(), templates=[template(sourceRef=SOURCE)]),
            [stored(kinds.DATA_SOURCE, "ds1", BY_CLAIM), CLAIM],
        ),
        (vm(imported()), [stored(kinds.DATA_VOLUME, "dv1", labels=LABELS)]),
        (vm(imported()), [stored(kinds.DATA_VOLUME, "dv1", BY_CLAIM), CLAIM]),
        (vm(imported("p1")), [CLAIM]),
        (
            vm(imported(), templates=[template(sourceRef=SOURCE)]),
            [stored(kinds.DATA_SOURCE, "ds1", BY_CLAIM, labels=HALF), CLAIM],
        ),
        (vm(imported()), [stored(kinds.DATA_VOLUME, "dv1", BY_CLAIM, labels=HALF), CLAIM]),
    ],
    ids=[
        "claim", "template-claim", "template-snapshot", "data-source", "data-source-claim",
        "data-volume", "data-volume-claim", "collected-data-volume", "half-a-data-source",
        "half-a-data-volume",
    ],
)  # fmt: skip
def test_where_labels_are_found(machine, objects):
    assert inferred(machine, lookup(*objects)) == FOUND


def test_preferences_without_a_kind():
    assert inferred(vm(claim()), lookup(CLAIM), PREFERENCE) == {"name": "pr1"}


@pytest.mark.parametrize(
    ("machine", "objects", "message"),
    [
        (
            vm(claim()),
            [stored(kinds.PVC, "p1")],
            "unable to find required instancetype.kubevirt.io/default-instancetype label",
        ),
        (vm({"containerDisk": {"image": "x"}}), [], "as type is not supported"),
        (
            vm(imported(), templates=[template(source={"blank": {}})]),
            [],
            "as DataVolumeSource is not supported",
        ),
        (
            vm(imported(), templates=[template(sourceRef={"kind": "Other", "name": "x"})]),
            [],
            "as Kind Other is not supported",
        ),
        (
            vm(imported(), templates=[template(sourceRef=SOURCE)]),
            [stored(kinds.DATA_SOURCE, "ds1", {"source": {}})],
            "from DataSource that doesn't provide DataVolumeSourcePVC",
        ),
    ],
)
def test_what_may_be_ignored(machine, objects, message):
    with pytest.raises(CannotInfer, match=message) as failure:
        inferred(machine, lookup(*objects))
    assert failure.value.is_ignorable
    machine["spec"]["instancetype"]["inferFromVolumeFailurePolicy"] = "Ignore"
    assert inferred(machine, lookup(*objects)) is None


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        (vm(claim(), "Ignore"), 'persistentvolumeclaims "p1" not found'),
        (vm(imported(), "Ignore", [template(sourceRef=SOURCE)]), 'datasources.* "ds1" not found'),
    ],
)
def test_what_may_not_be_ignored(machine, message):
    with pytest.raises(CannotInfer, match=message) as failure:
        inferred(machine, lookup())
    assert not failure.value.is_ignorable


def test_a_volume_that_is_not_there():
    machine = vm(claim())
    machine["spec"]["template"]["spec"]["volumes"] = []
    with pytest.raises(CannotInfer, match="unable to find volume d1 to infer defaults"):
        inferred(machine, lookup())


def test_memory_of_the_fallback_goes():
    machine = vm(claim(), "Ignore")
    inferred(machine, lookup(CLAIM))
    assert machine["spec"]["template"]["spec"]["domain"] == {}
    kept = vm(claim())
    inferred(kept, lookup(CLAIM))
    assert kept["spec"]["template"]["spec"]["domain"] == {"memory": {"guest": "1Gi"}}


def test_matchers_by_name_are_left():
    machine = vm()
    machine["spec"]["instancetype"] = {"name": "it1"}
    assert inferred(machine, lookup()) == {"name": "it1"}


def test_architecture_of_a_data_source():
    labels = {"template.kubevirt.io/architecture": "arm64"}
    source = stored(kinds.DATA_SOURCE, "ds1", labels=labels)
    machine = vm(templates=[template(source={"blank": {}}), template(sourceRef=SOURCE)])
    assert source_architecture(machine, lookup(source)) == "arm64"
    assert source_architecture(machine, lookup()) == ""
