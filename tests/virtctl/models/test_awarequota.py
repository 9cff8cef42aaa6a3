from virtctl.local.api.shapes import shape_of
from virtctl.models import awarequota
from virtctl.models.base import read


def test_the_method_of_counting_has_a_default() -> None:
    spec = shape_of(awarequota.AAQ).fields["spec"].fields
    calculator = spec["configuration"].fields["vmiCalculatorConfiguration"].fields["configName"]
    assert calculator.fact.default == "DedicatedVirtualResources"
    assert calculator.fact.enum == awarequota.METHODS


def test_a_cluster_quota_needs_a_quota_and_a_selector() -> None:
    shape = shape_of(awarequota.ApplicationAwareClusterResourceQuota)
    assert set(shape.fields["spec"].required) == {"quota", "selector"}


def test_amounts_are_numbers_or_texts() -> None:
    spec = {"additionalMigrationResources": {"requests.memory": "2Gi", "requests.cpu": 1}}
    made = read(awarequota.VirtualMachineMigrationResourceQuota, {"spec": spec})
    assert made.spec.additional_migration_resources == spec["additionalMigrationResources"]
