"""Migrations and their policies."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.migration import MigrationPolicy, VirtualMachineInstanceMigration


def test_reads_a_migration():
    found = read(
        VirtualMachineInstanceMigration,
        {"spec": {"vmiName": "vm1", "sendTo": {"connectURL": "10.0.0.1:9185", "migrationID": "m"}}},
    )
    assert found.spec.vmi_name == "vm1"
    assert found.spec.send_to.connect_url == "10.0.0.1:9185"


def test_reads_a_policy():
    selectors = {"virtualMachineInstanceSelector": {"tier": "db"}}
    spec = {"selectors": selectors, "completionTimeoutPerGiB": 800, "maxDowntimeMs": 300}
    found = read(MigrationPolicy, {"spec": spec})
    assert found.spec.selectors.virtual_machine_instance_selector == {"tier": "db"}
    assert (found.spec.completion_timeout_per_gi_b, found.spec.max_downtime_ms) == (800, 300)


@pytest.mark.parametrize(
    "kind", [kinds.MIGRATION, kinds.MIGRATION_POLICY], ids=lambda kind: kind.name
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
