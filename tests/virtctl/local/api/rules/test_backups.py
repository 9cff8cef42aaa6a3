"""Rules of backups."""

import pytest

from tests.fakes.rules import fields
from virtctl.errors import ApiError
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.backups import backup_causes, tracker_causes

ON = {"developerConfiguration": {"featureGates": ["IncrementalBackup"]}}


class Stored:
    """Stored backups."""

    def __init__(self, *found):
        self.found = found

    def get(self, kind, namespace, name):
        return None

    def list(self, kind, namespace):
        return self.found


def backup(name="b1", source="vm1", done=False):
    condition = {"type": "Complete", "status": "True"}
    return {
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {"source": {"kind": "VirtualMachine", "name": source}},
        "status": {"conditions": [condition] if done else []},
    }


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ([], []),
        ([backup()], ["metadata.name"]),
        ([backup("b0")], ["spec.source"]),
        ([backup("b0", done=True)], []),
        ([backup("b0", "vm2")], []),
    ],
)
def test_one_at_a_time(stored, found):
    context = AdmissionContext(configuration=ON, stored=Stored(*stored))
    assert fields(backup_causes(backup(), context)) == found
    again = AdmissionContext(configuration=ON, stored=Stored(*stored), old=backup())
    assert not list(backup_causes(backup(), again))


@pytest.mark.parametrize("check", [backup_causes, tracker_causes])
def test_the_gate(check):
    with pytest.raises(ApiError, match="feature gate not enabled") as refused:
        list(check(backup(), AdmissionContext()))
    assert refused.value.code == 400
    assert not list(check(backup(), AdmissionContext(configuration=ON)))
