"""Rules of the DataVolumes that a machine brings along."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import volumetemplates

REF = {"kind": "DataSource", "name": "s"}


def machine(*entries, namespace="ns"):
    volume = {"name": "a", "dataVolume": {"name": "dv"}}
    return {
        "metadata": {"name": "vm1", "namespace": namespace},
        "spec": {
            "dataVolumeTemplates": [*entries],
            "template": {"spec": {"volumes": [volume]}},
        },
    }


def entry(name="dv", namespace="", **spec):
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


@pytest.mark.parametrize(
    "spec",
    [
        {"pvc": {}, "source": {"blank": {}}},
        {"storage": {}, "sourceRef": REF},
        {"storage": {"dataSourceRef": {"kind": "x", "name": "y"}}},
        {"pvc": {"dataSource": {"kind": "x", "name": "y"}}},
    ],
)
def test_good_entries(spec):
    assert said(volumetemplates.volume_template_causes(machine(entry(**spec)))) == []


@pytest.mark.parametrize(
    ("found", "field", "message"),
    [
        (entry(""), "name", "entry spec.dataVolumeTemplate[0].name."),
        (entry(), "PVC.Storage", "Missing Data volume PVC or Storage"),
        (entry(pvc={}, storage={}), "PVC.Storage", "Duplicate storage definition"),
        (entry(pvc={}), "source.sourceRef", "should have either Source, SourceRef, or"),
        (entry(pvc={}, source={}), "source", "Missing dataVolume valid source"),
        (entry(pvc={}, source={"blank": {}, "http": {}}), "source", "Multiple dataVolume sources"),
        (
            entry(storage={"dataSourceRef": {"kind": "x"}}, sourceRef=REF),
            "source",
            "External population is incompatible",
        ),
    ],
)
def test_bad_entries_are_told_one_thing(found, field, message):
    ((where, text),) = said(volumetemplates.volume_template_causes(machine(found)))
    assert where == f"spec.dataVolumeTemplate[0].{field}"
    assert message in text


def test_entries_are_used():
    document = machine(entry("other", pvc={}, source={"blank": {}}))
    ((field, _),) = said(volumetemplates.volume_template_causes(document))
    assert field == "spec.dataVolumeTemplate[0]"


def test_namespaces_are_the_machines_unless_they_were_before():
    document = machine(entry(namespace="other"))
    ((field, _),) = said(volumetemplates.namespace_causes(document, AdmissionContext()))
    assert field == "spec.dataVolumeTemplates[0]"
    assert not list(volumetemplates.namespace_causes(document, AdmissionContext(old=document)))
