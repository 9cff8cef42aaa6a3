"""Rules of an instance as a whole."""

from tests.fakes.rules import fields, gates, spec, with_devices
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.instance import (
    instance_causes,
    spec_causes,
    template_metadata_causes,
    update_causes,
)


def instance(labels=None, **parts):
    return {"metadata": {"name": "vmi1", "labels": labels or {}}, "spec": spec(**parts)}


def test_a_good_instance():
    assert list(instance_causes(instance(), gates())) == []


def test_devices_of_bare_instances_are_looked_at_twice():
    document = with_devices(
        disks=[{"name": "a", "cache": "x"}], volumes=[{"name": "a", "emptyDisk": {}}]
    )
    field = "spec.domain.devices.disks[0].cache"
    assert fields(spec_causes(document, "spec", gates())) == [field]
    assert fields(instance_causes({"metadata": {}, "spec": document}, gates())) == [field, field]


def test_reserved_labels_are_ours():
    document = instance({"kubevirt.io/nodeName": "n"})
    assert fields(template_metadata_causes(document, "metadata", gates())) == ["metadata.labels"]
    ours = AdmissionContext(system=True)
    assert not list(template_metadata_causes(document, "metadata", ours))


def test_annotations_behind_gates():
    document = {"metadata": {"annotations": {"hooks.kubevirt.io/hookSidecars": "[]"}}}
    assert list(template_metadata_causes(document, "metadata", gates()))
    assert not list(template_metadata_causes(document, "metadata", gates("Sidecar")))


def test_utility_volumes_are_plugged_later():
    volumes = [{"name": "u", "claimName": "c"}]
    assert fields(spec_causes(spec(utilityVolumes=volumes), "spec", gates())) == [
        "spec.utilityVolumes"
    ]


def test_users_change_labels_of_their_own_only():
    old = instance({"a": "b"})
    assert not list(update_causes(instance({"a": "c"}), old))
    assert len(list(update_causes(instance({"kubevirt.io/nodeName": "n"}), old))) == 1
    (cause,) = update_causes(instance(hostname="x", labels={"a": "b"}), old)
    assert cause.message == "update of VMI object is restricted"
