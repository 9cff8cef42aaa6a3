"""Rules of snapshots, restores and exports."""

import pytest

from tests.fakes.rules import fields, said
from virtctl.errors import ApiError
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.snapshots import (
    export_causes,
    restore_causes,
    snapshot_causes,
)

MACHINE = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}
NEW = AdmissionContext()


class Restores:
    """Stored restores."""

    def __init__(self, *found):
        self.found = found

    def get(self, kind, namespace, name):
        return None

    def list(self, kind, namespace):
        return self.found


def snapshot(**source):
    return {"spec": {"source": {**MACHINE, **source}}}


def restore(target=MACHINE, **parts):
    return {"spec": {"target": target, "virtualMachineSnapshotName": "s1", **parts}}


def export(kind, group, name="x"):
    return {"spec": {"source": {"kind": kind, "apiGroup": group, "name": name}}}


@pytest.mark.parametrize(
    ("source", "field", "message"),
    [
        ({"apiGroup": None}, "spec.source.apiGroup", "missing apiGroup"),
        ({"apiGroup": ""}, "spec.source.apiGroup", "invalid apiGroup"),
        ({"apiGroup": "x.io"}, "spec.source.apiGroup", "invalid apiGroup"),
        ({"kind": "Pod"}, "spec.source.kind", "invalid kind"),
    ],
)
def test_snapshots(source, field, message):
    assert said(snapshot_causes(snapshot(**source), NEW)) == [(field, message)]
    assert not list(snapshot_causes(snapshot(), NEW))


@pytest.mark.parametrize("check", [snapshot_causes, restore_causes, export_causes])
def test_specs_stay(check):
    old = {"spec": {"source": MACHINE}}
    context = AdmissionContext(old=old)
    assert said(check({"spec": {}}, context)) == [("spec", "spec in immutable after creation")]
    assert not list(check({**old, "metadata": {"labels": {"a": "b"}}}, context))


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"volumeRestorePolicy": "Anyhow"}, "spec.volumeRestorePolicy"),
        ({"volumeOwnershipPolicy": "Nobody"}, "spec.volumeOwnershipPolicy"),
        ({"volumeRestoreOverrides": [{"volumeName": "a"}]}, "spec.volumeRestoreOverrides[0]"),
        (
            {"volumeRestoreOverrides": [{"restoreName": "a"}]},
            "spec.volumeRestoreOverrides[0].volumeName",
        ),
        ({"target": {**MACHINE, "kind": "Pod"}}, "spec.target.kind"),
        ({"target": {"kind": "VirtualMachine", "name": "a"}}, "spec.target.apiGroup"),
    ],
)
def test_restores(parts, field):
    assert fields(restore_causes(restore(**parts), NEW)) == [field]


def test_good_restores():
    override = {"volumeName": "a", "labels": {"b": "c"}}
    good = restore(
        volumeRestorePolicy="InPlace",
        volumeOwnershipPolicy="None",
        volumeRestoreOverrides=[override],
        patches=["no JSON"],
    )
    assert not list(restore_causes(good, NEW))


class Snapshots(Restores):
    """A snapshot and its content, and no machine."""

    def __init__(self, **domain):
        super().__init__()
        template = {"spec": {"template": {"spec": {"domain": domain}}}}
        self.kept = {
            "VirtualMachineSnapshot": {
                "status": {"sourceUID": "u", "virtualMachineSnapshotContentName": "c"}
            },
            "VirtualMachineSnapshotContent": {"spec": {"source": {"virtualMachine": template}}},
        }

    def get(self, kind, namespace, name):
        return self.kept.get(kind.name)


@pytest.mark.parametrize(
    ("patch", "count"),
    [
        ('{"op": "remove", "path": "/spec/running"}', 0),
        ('{"op": "remove", "path": "/metadata/labels/a"}', 0),
        ('{"op": "remove", "path": "/metadata/name"}', 1),
        ("no JSON", 1),
        ('{"op": "add", "path": "/spec/a", "value": {"b": "c"}}', 1),
    ],
)
def test_patches_of_restores(patch, count):
    context = AdmissionContext(stored=Snapshots())
    found = fields(restore_causes(restore(patches=[patch]), context))
    assert found == ["spec.patches"] * count


def test_what_another_machine_cannot_take_over():
    context = AdmissionContext(stored=Snapshots(devices={"tpm": {"persistent": True}}))
    assert fields(restore_causes(restore(), context)) == ["spec"]


def test_one_restore_at_a_time():
    other = {"metadata": {"name": "r1"}, **restore()}
    busy = AdmissionContext(stored=Restores(other))
    assert said(restore_causes(restore(), busy)) == [
        ("spec.target", 'VirtualMachineRestore "r1" in progress')
    ]
    over = AdmissionContext(stored=Restores({**other, "status": {"complete": True}}))
    assert not list(restore_causes(restore(), over))


@pytest.mark.parametrize(
    ("document", "field", "message"),
    [
        (export("ConfigMap", ""), "spec.source.kind", "invalid kind"),
        (
            export("VirtualMachine", "x.io"),
            "spec.source.APIGroup",
            "VM API group must be kubevirt.io",
        ),
        (
            export("VirtualMachineSnapshot", "kubevirt.io"),
            "spec.source.APIGroup",
            "VMSnapshot API group must be snapshot.kubevirt.io",
        ),
        (
            export("PersistentVolumeClaim", "x"),
            "spec.source.APIGroup",
            "PVC API group must be missing or blank",
        ),
        (
            export("PersistentVolumeClaim", "", ""),
            "spec.source.name",
            "PVC name must not be empty",
        ),
    ],
)
def test_exports(document, field, message):
    assert said(export_causes(document, NEW)) == [(field, message)]


def test_good_exports():
    assert not list(export_causes(export("PersistentVolumeClaim", ""), NEW))
    assert not list(export_causes(export("VirtualMachine", "kubevirt.io"), NEW))


def test_another_machine_waits_for_the_content():
    for missing, problem in (
        ("VirtualMachineSnapshotContent", '"c" not found'),
        ("VirtualMachineSnapshot", "snapshot content name is nil in vmSnapshot status"),
    ):
        stored = Snapshots()
        stored.kept[missing] = {} if missing == "VirtualMachineSnapshot" else None
        with pytest.raises(ApiError, match=problem):
            list(restore_causes(restore(), AdmissionContext(stored=stored)))
    with pytest.raises(ApiError, match="resource name may not be empty"):
        list(restore_causes(restore({**MACHINE, "name": ""}), AdmissionContext(stored=Snapshots())))
