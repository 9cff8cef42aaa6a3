"""Rules of migrations and presets."""

import pytest

from tests.fakes.rules import fields, gates, said
from virtctl.errors import ApiError
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.migrations import (
    default_migration,
    migration_causes,
    preset_causes,
)


class Stored:
    """An instance, and migrations."""

    def __init__(self, instance=None, *migrations):
        self.instance, self.migrations = instance, migrations

    def get(self, kind, namespace, name):
        return self.instance

    def list(self, kind, namespace):
        return self.migrations


def migration(name="vmi1", phase="", **spec):
    metadata = {"name": "m1", "namespace": "ns", "uid": "m-uid"}
    return {"metadata": metadata, "spec": {"vmiName": name, **spec}, "status": {"phase": phase}}


def instance(phase="Running", **status):
    return {"metadata": {"name": "vmi1"}, "status": {"phase": phase, **status}}


def refused(stored):
    context = AdmissionContext(stored=stored)
    with pytest.raises(ApiError) as refusal:
        list(migration_causes(migration(), context))
    assert (refusal.value.code, refusal.value.reason) == (400, "")
    return refusal.value.message


def test_defaults():
    document = migration()
    default_migration(document)
    default_migration(document)
    assert document["metadata"]["labels"] == {"kubevirt.io/vmi-name": "vmi1"}
    assert document["metadata"]["finalizers"] == ["kubevirt.io/migrationJobFinalize"]


def test_a_name_is_needed():
    assert said(migration_causes(migration(""), AdmissionContext())) == [
        ("spec.vmiName", "vmiName is missing")
    ]


def test_a_good_migration():
    over = migration(phase="Failed")
    elsewhere = migration("other")
    context = AdmissionContext(stored=Stored(instance(), over, elsewhere))
    assert not list(migration_causes(migration(), context))


def test_the_instance_is_looked_at():
    assert 'the VMI "ns/vmi1" does not exist' in refused(Stored())
    assert "Cannot migrate VMI in finalized state." in refused(Stored(instance("Succeeded")))
    stuck = {"type": "LiveMigratable", "status": "False", "reason": "R", "message": "m"}
    message = refused(Stored(instance(conditions=[stuck])))
    assert "Cannot migrate VMI, Reason: R, Message: m" in message
    busy = refused(Stored(instance(), migration(phase="Running")))
    assert "in-flight migration detected. Active migration job (m-uid)" in busy


def test_disks_go_with_a_machine_to_another_cluster():
    stuck = {"type": "LiveMigratable", "status": "False", "reason": "DisksNotLiveMigratable"}
    stored = Stored(instance(conditions=[stuck]))
    assert "Reason: DisksNotLiveMigratable" in refused(stored)
    document = migration(sendTo={"connectURL": "x", "migrationID": "y"})
    context = AdmissionContext(
        configuration=gates("DecentralizedLiveMigration").configuration, stored=stored
    )
    assert not list(migration_causes(document, context))


def test_the_label_stays_while_it_is_under_way():
    old = migration()
    old["metadata"]["labels"] = {"kubevirt.io/vmi-name": "vmi1"}
    for labels, done in ({}, "removed from"), ({"a": "b"}, "modified on"):
        changed = migration()
        changed["metadata"]["labels"] = labels
        wording = f"selector label can't be {done} an in-flight migration"
        assert said(migration_causes(changed, AdmissionContext(old=old))) == [("", wording)]


def test_between_clusters_needs_a_gate():
    off = {"developerConfiguration": {"disabledFeatureGates": ["DecentralizedLiveMigration"]}}
    document = migration(sendTo={"connectURL": "x", "migrationID": "y"})
    context = AdmissionContext(configuration=off, stored=Stored(instance()))
    assert fields(migration_causes(document, context)) == [""]


def test_both_ends_are_of_one_migration():
    ends = {"sendTo": {"migrationID": "x"}, "receive": {"migrationID": "y"}}
    context = AdmissionContext(stored=Stored(instance()))
    assert fields(migration_causes(migration(**ends), context)) == [""]
    ends["receive"]["migrationID"] = "x"
    assert not list(migration_causes(migration(**ends), context))


def test_priority_is_for_the_control_plane():
    context = AdmissionContext(stored=Stored(instance()))
    assert fields(migration_causes(migration(priority="high"), context)) == [
        "spec.migrationPriority"
    ]


def test_what_may_not_change():
    old = migration()
    default_migration(old)
    assert fields(migration_causes(migration("x"), AdmissionContext(old=old))) == [""]
    unlabelled = migration()
    assert fields(migration_causes(unlabelled, AdmissionContext(old=old))) == [""]
    over = migration(phase="Succeeded")
    assert not list(migration_causes(over, AdmissionContext(old=old)))
    assert not list(migration_causes(old, AdmissionContext(old=old)))


def test_presets():
    assert said(preset_causes({"spec": {}}, gates())) == [("spec.domain", "missing domain.")]
    assert not list(preset_causes({"spec": {"domain": {}}}, gates()))


def test_presets_have_good_disks_and_firmware():
    devices = {"disks": [{"name": "a", "disk": {"bus": "ide"}}]}
    firmware = {"bootloader": {"efi": {}, "bios": {}}}
    document = {"spec": {"domain": {"devices": devices, "firmware": firmware}}}
    assert fields(preset_causes(document, gates())) == [
        "spec.domain.devices.disks[0].disk.bus",
        "spec.domain.firmware.bootloader",
    ]
