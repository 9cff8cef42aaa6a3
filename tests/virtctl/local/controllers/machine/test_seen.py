import pytest

from virtctl.errors import InvalidField
from virtctl.local.controllers.machine import seen


def test_unknown_strategies_are_refused_by_name():
    with pytest.raises(InvalidField, match="runStrategy"):
        seen.run_strategy({"spec": {"runStrategy": "Sometimes"}})


def test_claims_are_those_of_claims_and_data_volumes():
    volumes = [
        {"name": "a", "persistentVolumeClaim": {"claimName": "one"}},
        {"name": "b", "dataVolume": {"name": "two"}},
        {"name": "c", "containerDisk": {"image": "tiny"}},
    ]
    vm = {"spec": {"template": {"spec": {"volumes": volumes}}}}
    assert seen.claim_names(vm) == ["one", "two"]


def test_a_migration_is_on_until_it_ends():
    vmi = {"status": {"migrationState": {"startTimestamp": "x"}}}
    assert seen.is_migrating(vmi)
    vmi["status"]["migrationState"]["endTimestamp"] = "y"
    assert not seen.is_migrating(vmi)
    assert not seen.is_migrating({"status": {}})


def test_an_instance_is_alive_until_it_ends_or_is_to_go():
    assert seen.is_alive({"metadata": {}, "status": {"phase": "Running"}})
    assert not seen.is_alive({"metadata": {"deletionTimestamp": "x"}, "status": {}})
    assert not seen.is_alive({"metadata": {}, "status": {"phase": "Failed"}})
    assert not seen.is_alive(None)
