"""The verbs that expand machines."""

import pytest

from tests.fakes.service import make_service
from virtctl.errors import BadRequest, InternalError, NotFound
from virtctl.local.api.verbs import expansion
from virtctl.models import kinds

SPEC = {"template": {"spec": {"domain": {"devices": {}}}}, "runStrategy": "Halted"}


@pytest.fixture
def service():
    made = make_service()
    small = {
        "metadata": {"name": "small"},
        "spec": {"cpu": {"guest": 2}, "memory": {"guest": "1Gi"}},
    }
    made.create(kinds.CLUSTER_INSTANCETYPE, None, small)
    return made


def vm(name="a", **spec):
    return {"kind": "VirtualMachine", "metadata": {"name": name}, "spec": {**SPEC, **spec}}


def test_stored_machines(service):
    service.create(kinds.VIRTUAL_MACHINE, "default", vm(instancetype={"name": "small"}))
    expanded = expansion.expand_stored(service, "default", "a")
    assert expanded["spec"]["template"]["spec"]["domain"]["cpu"]["sockets"] == 2
    assert "instancetype" not in expanded["spec"]
    with pytest.raises(NotFound):
        expansion.expand_stored(service, "default", "b")
    service.create(kinds.VIRTUAL_MACHINE, "default", vm("lost", preference={"name": "x"}))
    with pytest.raises(InternalError, match="not found"):
        expansion.expand_stored(service, "default", "lost")


def test_given_machines(service):
    plain = expansion.expand_given(service, "default", vm())
    assert plain["metadata"] == {"name": "a", "namespace": "default"}
    assert plain["spec"]["template"]["spec"] == {"domain": {"devices": {}, "resources": {}}}
    typed = expansion.expand_given(service, "default", vm(instancetype={"name": "small"}))
    (nic,) = typed["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]
    assert nic == {"name": "default", "bridge": {}}
    assert typed["spec"]["template"]["spec"]["architecture"] == "amd64"
    assert typed["spec"]["template"]["spec"]["domain"]["machine"] == {"type": "q35"}
    used = {**vm(instancetype={"name": "small"}), "status": {"instancetypeRef": {"name": "small"}}}
    assert expansion.expand_given(service, "default", used)["status"] == {}


def test_the_default_network_is_that_of_the_installation(service):
    network = {"network": {"defaultNetworkInterface": "masquerade"}}
    installed = {"metadata": {"name": "kubevirt"}, "spec": {"configuration": network}}
    service.create(kinds.KUBEVIRT, "default", installed)
    typed = expansion.expand_given(service, "default", vm(instancetype={"name": "small"}))
    (nic,) = typed["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]
    assert "masquerade" in nic


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "Pod", "spec": {}}, "Object is not a valid VirtualMachine"),
        ({"kind": "VirtualMachine"}, "Object is not a valid VirtualMachine"),
        (
            {
                "kind": "VirtualMachine",
                "metadata": {"namespace": "x"},
                "spec": {"template": {"spec": {"domain": {"devices": {}}}}},
            },
            "VM namespace must be empty or default",
        ),
        (vm(instancetype={"name": "no"}), "not found"),
    ],
)
def test_refusals(service, document, message):
    with pytest.raises(BadRequest, match=message):
        expansion.expand_given(service, "default", document)


def test_what_the_schema_does_not_allow(service):
    machine = vm()
    machine |= {"x": 1, "spec": {"template": {"spec": {"y": 1, "domain": {"devices": 2}}}}}
    with pytest.raises(BadRequest) as caught:
        expansion.expand_given(service, "default", machine)
    assert [cause.message for cause in caught.value.details.causes] == [
        ".x in body is a forbidden property",
        'spec.template.spec.domain.devices in body must be of type object: "integer"',
        "spec.template.spec.y in body is a forbidden property",
    ]


def test_conflicts(service):
    machine = vm(instancetype={"name": "small"})
    machine["spec"] = {
        **machine["spec"],
        "template": {"spec": {"domain": {"devices": {}, "cpu": {"cores": 1, "threads": 1}}}},
    }
    base = "spec.template.spec.domain.cpu"
    message = f"VM field\\(s\\) {base}.cores, {base}.threads conflicts with selected instance type"
    with pytest.raises(BadRequest, match=message):
        expansion.expand_given(service, "default", machine)
