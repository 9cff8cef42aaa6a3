"""The table of webhooks."""

import pytest

from tests.fakes.lookups import lookup, stored
from virtctl.errors import ApiError, Cause, Invalid
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.webhooks import check_status, denial, webhook_of
from virtctl.models import kinds


@pytest.mark.parametrize(
    ("kind", "new", "changed"),
    [
        (
            kinds.VIRTUAL_MACHINE,
            "virtualmachine-validator.kubevirt.io",
            "virtualmachine-validator.kubevirt.io",
        ),
        (
            kinds.VIRTUAL_MACHINE_INSTANCE,
            "virtualmachineinstances-create-validator.kubevirt.io",
            "virtualmachineinstances-update-validator.kubevirt.io",
        ),
        (
            kinds.MIGRATION,
            "migration-create-validator.kubevirt.io",
            "migration-update-validator.kubevirt.io",
        ),
    ],
)
def test_names(kind, new, changed):
    webhook = webhook_of(kind)
    assert webhook.name(AdmissionContext()) == new
    assert webhook.name(AdmissionContext(old={})) == changed


def test_kinds_without_one():
    assert webhook_of(kinds.POD) is None
    assert webhook_of(kinds.DATA_SOURCE) is None


def test_denials():
    causes = (Cause("A", "one", "x"), Cause("A", "one", "y"), Cause("B", "two", "z"))
    refusal = denial("w", causes)
    assert refusal.message == 'admission webhook "w" denied the request: one, one, two'
    assert refusal.details.causes == causes


def vm(**spec):
    template = {"spec": {"domain": {"devices": {}}}}
    return {"metadata": {"name": "a", "namespace": "ns"}, "spec": {"template": template, **spec}}


def test_matchers_of_machines_are_refused_by_the_mutator():
    default = webhook_of(kinds.VIRTUAL_MACHINE).default
    with pytest.raises(Invalid, match="virtualmachines-mutator"):
        default(vm(preference={}), AdmissionContext())
    with pytest.raises(ApiError, match="unable to find volume x") as refusal:
        default(vm(instancetype={"inferFromVolume": "x"}), AdmissionContext())
    assert (refusal.value.code, refusal.value.reason) == (400, "")


class Stored:
    """Stored objects."""

    def __init__(self, *documents):
        self.get = lookup(*documents)


def test_machines_are_checked_with_their_instancetype():
    small = stored(
        kinds.CLUSTER_INSTANCETYPE, "small", {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}}
    )
    context = AdmissionContext(stored=Stored(small))
    causes = webhook_of(kinds.VIRTUAL_MACHINE).causes
    machine = vm(runStrategy="Halted", instancetype={"name": "small"})
    assert list(causes(machine, context)) == []
    machine["spec"]["template"]["spec"]["domain"]["memory"] = {"guest": "2Gi"}
    (cause,) = causes(machine, context)
    assert cause.field == "spec.template.spec.domain.memory.guest"
    needs = stored(kinds.CLUSTER_PREFERENCE, "p", {"requirements": {"cpu": {"guest": 2}}})
    context = AdmissionContext(stored=Stored(small, needs))
    machine = vm(runStrategy="Halted", instancetype={"name": "small"}, preference={"name": "p"})
    (cause,) = causes(machine, context)
    assert (cause.reason, cause.field) == ("FieldValueNotFound", "spec.instancetype")


def test_a_status_may_ask_for_one_thing_at_a_time():
    add = {"name": "x", "disk": {"disk": {"bus": "scsi"}}, "volumeSource": {"dataVolume": {}}}
    removal = {"status": {"volumeRequests": [{"removeVolumeOptions": add}]}}
    check_status(kinds.VIRTUAL_MACHINE, removal, AdmissionContext())
    both = {"addVolumeOptions": add, "removeVolumeOptions": add}
    for request in (both, {}):
        status = {"volumeRequests": [request]}
        with pytest.raises(Invalid, match="kubevirt-crd-status-validator"):
            check_status(kinds.VIRTUAL_MACHINE, {"status": status}, AdmissionContext())
