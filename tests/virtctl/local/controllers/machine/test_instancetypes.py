"""What a machine's instancetype and preference make of it; whole decisions are in the cases."""

from tests.fakes.lookups import lookup, stored
from virtctl.local.controllers.machine import instancetypes
from virtctl.models import kinds

SMALL = stored(
    kinds.CLUSTER_INSTANCETYPE, "small", {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}}
)


def vm(**spec):
    metadata = {"name": "vm1", "namespace": "ns", "uid": "u"}
    template = {"spec": {"domain": {"devices": {}}}}
    return {"metadata": metadata, "spec": {"template": template, **spec}}


def test_a_machine_without():
    machine = vm()
    chosen = instancetypes.choose(machine, lookup(), "bridge")
    assert chosen.machine is machine
    assert list(instancetypes.create(chosen)) == []
    assert instancetypes.references(chosen) == {"instancetypeRef": None, "preferenceRef": None}


def test_a_machine_with_one():
    machine = vm(instancetype={"name": "small"})
    chosen = instancetypes.choose(machine, lookup(SMALL), "masquerade")
    template = chosen.machine["spec"]["template"]
    assert template["spec"]["domain"]["cpu"]["sockets"] == 2
    assert "masquerade" in template["spec"]["domain"]["devices"]["interfaces"][0]
    annotation = "kubevirt.io/cluster-instancetype-name"
    assert template["metadata"]["annotations"] == {annotation: "small"}
    (made,) = instancetypes.create(chosen)
    assert made.document["metadata"]["name"] == "vm1-small-v1beta1-small-uid-1"
    references = instancetypes.references(chosen)
    assert references["instancetypeRef"]["name"] == "small"
    assert machine == vm(instancetype={"name": "small"})


def test_problems():
    lost = instancetypes.choose(vm(instancetype={"name": "no"}), lookup(), "bridge")
    assert lost.machine is None
    missing = 'virtualmachineclusterinstancetypes.instancetype.kubevirt.io "no" not found'
    assert (lost.reason, lost.problem) == ("FailedFindInstancetype", missing)
    plain = instancetypes.choose(vm(preference={"name": "no"}), lookup(), "bridge")
    assert plain.reason == "FailedFindPreference"
    machine = vm(instancetype={"name": "small"})
    machine["spec"]["template"]["spec"]["domain"]["memory"] = {"guest": "1Gi"}
    torn = instancetypes.choose(machine, lookup(SMALL), "bridge")
    assert torn.problem == (
        "VM conflicts with instancetype spec in fields: [spec.template.spec.domain.memory.guest]"
    )


def test_the_binding_of_the_installation():
    network = {"network": {"defaultNetworkInterface": "masquerade"}}
    installed = {"spec": {"configuration": network}}
    assert instancetypes.default_binding([installed]) == "masquerade"
    assert instancetypes.default_binding([]) == "bridge"
