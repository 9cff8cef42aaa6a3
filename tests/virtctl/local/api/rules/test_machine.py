"""Rules of a machine."""

import pytest

from tests.fakes.rules import fields, gates, said, spec
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.machine import machine_causes, run_strategy_causes


def machine(template=None, **parts):
    found = {"runStrategy": "Always", "template": {"spec": template or spec()}, **parts}
    return {"metadata": {"name": "vm1", "namespace": "ns"}, "spec": found}


def volume(name="dv1"):
    return {"name": "d", "dataVolume": {"name": name}}


def data_volume(namespace="", **parts):
    good = {"source": {"blank": {}}, "storage": {}}
    metadata = {"name": "dv1", "namespace": namespace}
    return {"metadata": metadata, "spec": {**good, **parts}}


@pytest.mark.parametrize(
    "strategy", ["Always", "Halted", "Manual", "RerunOnFailure", "Once", "WaitAsReceiver"]
)
def test_run_strategies(strategy):
    assert not list(run_strategy_causes(machine(runStrategy=strategy), gates()))


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"runStrategy": None}, "spec.running", "RunStrategy must be specified"),
        ({"running": True}, "spec.running", "mutually exclusive"),
        ({"runStrategy": "always"}, "spec.runStrategy", "Invalid RunStrategy (always)"),
    ],
)
def test_bad_run_strategies(parts, field, message):
    ((where, text),) = said(run_strategy_causes(machine(**parts), gates()))
    assert where == field
    assert message in text


def test_receiving_needs_its_gate():
    off = {"developerConfiguration": {"disabledFeatureGates": ["DecentralizedLiveMigration"]}}
    context = AdmissionContext(configuration=off)
    assert list(run_strategy_causes(machine(runStrategy="WaitAsReceiver"), context))


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (data_volume("other"), "spec.dataVolumeTemplates[0]"),
        (data_volume(pvc={}), "spec.dataVolumeTemplate[0].PVC.Storage"),
        (data_volume(storage=None), "spec.dataVolumeTemplate[0].PVC.Storage"),
        (data_volume(source={"blank": {}, "http": {}}), "spec.dataVolumeTemplate[0].source"),
        (data_volume(source={}), "spec.dataVolumeTemplate[0].source"),
        ({"metadata": {}, "spec": {}}, "spec.dataVolumeTemplate[0].name"),
    ],
)
def test_bad_data_volumes(entry, field):
    document = machine(spec(volumes=[volume()]), dataVolumeTemplates=[entry])
    assert field in fields(machine_causes(document, gates()))


def test_good_data_volumes():
    referring = data_volume(source=None, sourceRef={"kind": "DataSource", "name": "s"})
    for entry in (data_volume(), data_volume("ns"), referring):
        document = machine(spec(volumes=[volume()]), dataVolumeTemplates=[entry])
        assert said(machine_causes(document, gates())) == []


def test_data_volumes_are_used():
    document = machine(dataVolumeTemplates=[data_volume()])
    assert fields(machine_causes(document, gates())) == ["spec.dataVolumeTemplate[0]"]


def test_paths_are_those_of_the_template():
    document = machine(spec(hostname="A"))
    assert fields(machine_causes(document, gates())) == ["spec.template.spec.hostname"]


def test_volumes_without_disks_are_checked_as_disks():
    document = machine(spec(volumes=[{"name": "", "emptyDisk": {}}]))
    assert len(list(machine_causes(document, gates()))) == 1


def test_a_wrong_machine_is_asked_no_further():
    """Conflicts, the spec, namespaces and snapshots each hide what would come after them."""
    elsewhere = data_volume("other")
    old = {**machine(), "status": {"snapshotInProgress": "s1"}}
    document = machine(spec(hostname="A"), dataVolumeTemplates=[elsewhere], runStrategy="Halted")
    context = AdmissionContext(old=old)
    found = ["spec.template.spec.hostname", "spec.dataVolumeTemplate[0]"]
    assert fields(machine_causes(document, context)) == found
    document = machine(
        spec(volumes=[volume()]), dataVolumeTemplates=[elsewhere], runStrategy="Halted"
    )
    assert fields(machine_causes(document, context)) == ["spec.dataVolumeTemplates[0]"]
    assert not list(machine_causes({**document, "metadata": {"deletionTimestamp": "now"}}, context))


def test_a_snapshot_holds_the_machine():
    old = {**machine(), "status": {"snapshotInProgress": "s1"}}
    context = AdmissionContext(old=old)
    assert not list(machine_causes(machine(), context))
    (cause,) = machine_causes(machine(runStrategy="Halted"), context)
    assert cause.message == 'Cannot update vm running state until snapshot "s1" completes'
    changed = machine(spec(volumes=[{"name": "a", "emptyDisk": {}}]))
    assert len(list(machine_causes(changed, context))) == 1


def test_running_is_warned_of():
    context = gates()
    list(machine_causes(machine(running=True, runStrategy=None), context))
    assert context.warnings == ["spec.running is deprecated, please use spec.runStrategy instead."]
