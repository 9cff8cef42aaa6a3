"""Rules of clones."""

import pytest

from tests.fakes.rules import fields
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.clones import clone_causes

MACHINE = {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "vm1"}
NEW = AdmissionContext()


def clone(source=MACHINE, **parts):
    return {"spec": {"source": source, **parts}}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (clone({**MACHINE, "apiGroup": ""}), ["spec.Source.APIGroup"]),
        (clone({**MACHINE, "kind": "Pod"}), ["spec.Source.Kind"]),
        (clone({**MACHINE, "kind": ""}), ["spec.Source.Kind", "spec.Source"]),
        (clone({**MACHINE, "name": ""}), ["spec.Source.Name"]),
        (clone(target={**MACHINE, "kind": "Pod"}), ["spec.Target.Kind"]),
        (clone(target={**MACHINE, "apiGroup": ""}), ["spec.target.name"]),
        (clone(newMacAddresses={"default": "x"}), ["spec.newMacAddresses.default"]),
        (clone(newMacAddresses={"default": "02:00:00:00:00:01"}), []),
        (clone(patches=["{}", "no"]), ["spec.patches[1]"]),
        (clone(labelFilters=["a*b"]), ["spec.labels"]),
        (clone(annotationFilters=["a!", "!"]), ["spec.annotations"] * 2),
        (clone(template={"labelFilters": ["**"]}), ["spec.template.labels"]),
        (clone(labelFilters=["*", "!a/*"]), []),
    ],
)
def test_clones(document, found):
    assert fields(clone_causes(document, NEW)) == found
    assert fields(clone_causes(document, AdmissionContext(old={"spec": {}}))) == found


def test_a_snapshot_may_become_a_machine_of_its_name():
    snapshot = {"apiGroup": "snapshot.kubevirt.io", "kind": "VirtualMachineSnapshot", "name": "vm1"}
    assert not list(clone_causes(clone(snapshot, target=MACHINE), NEW))
