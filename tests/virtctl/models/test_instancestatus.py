"""What is reported about an instance."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.instancestatus import MigrationState


def test_reads_a_migration():
    state = read(MigrationState, {"migrationUid": "u", "completed": True, "targetCPUSet": [1, 2]})
    assert state.migration_uid == "u"
    assert state.completed is True
    assert state.target_cpu_set == (1, 2)


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "status", "migrationState")
    assert crds.differences(MigrationState, schema) == []
