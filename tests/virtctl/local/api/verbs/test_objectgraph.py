import pytest

from tests.fakes.service import make_service
from virtctl.errors import ApiError
from virtctl.local.api.verbs.objectgraph import ObjectGraphs
from virtctl.models.kinds import KUBEVIRT, POD, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

INNER = {
    "volumes": [
        {"name": "a", "dataVolume": {"name": "dv"}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "claim"}},
        {"name": "c", "ephemeral": {"persistentVolumeClaim": {"claimName": "base"}}},
        {"name": "d", "configMap": {"name": "cm"}},
        {"name": "e", "cloudInitNoCloud": {"secretRef": {"name": "seed"}}},
        {"name": "f", "containerDisk": {"image": "tiny"}},
    ],
    "networks": [{"name": "n", "pod": {}}, {"name": "m", "multus": {"networkName": "other/nad"}}],
    "accessCredentials": [{"sshPublicKey": {"source": {"secret": {"secretName": "keys"}}}}],
}


@pytest.fixture
def service():
    made = make_service()
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["ObjectGraph"]}}}
    made.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    return made


def machine(service, inner=None, **spec):
    document = {"metadata": {"name": "web"}, "spec": {**spec, "template": {"spec": inner or {}}}}
    service.create(VIRTUAL_MACHINE, "default", document)


def run(service):
    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": {"phase": "Running"}}
    uid = service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)["metadata"]["uid"]
    labels = {"kubevirt.io/created-by": uid}
    service.create(POD, "default", {"metadata": {"name": "launcher", "labels": labels}})


def shown(node):
    """Names by dependency, as a tree."""
    reference = node["objectReference"]
    label = node["labels"]["kubevirt.io/dependency-type"]
    line = f"{reference['kind']} {reference.get('namespace', '-')}/{reference['name']} {label}"
    line += " optional" if node.get("optional") else ""
    return [line, *(f"  {one}" for child in node.get("children", []) for one in shown(child))]


def graph(service, what="of_machine", **body):
    return getattr(ObjectGraphs(service), what)("default", "web", body)


def test_alone(service) -> None:
    machine(service)
    assert graph(service) == {
        "objectReference": {
            "apiGroup": "kubevirt.io",
            "kind": "VirtualMachine",
            "name": "web",
            "namespace": "default",
        },
        "labels": {"kubevirt.io/dependency-type": "compute"},
    }


def test_all(service) -> None:
    machine(
        service, INNER, instancetype={"name": "u1"}, preference={
            "name": "linux", "kind": "VirtualMachinePreference",
        },
    )  # fmt: skip
    run(service)
    assert shown(graph(service)) == [
        "VirtualMachine default/web compute",
        "  VirtualMachineInstance default/web compute",
        "    Pod default/launcher compute",
        "  VirtualMachineClusterInstancetype /u1 config optional",
        "  VirtualMachinePreference default/linux config optional",
        "  Secret default/keys config",
        "  DataVolume default/dv storage",
        "    PersistentVolumeClaim default/dv storage",
        "  PersistentVolumeClaim default/claim storage",
        "  ConfigMap default/cm config",
        "  Secret default/seed config",
        "  NetworkAttachmentDefinition other/nad network optional",
    ]


def test_options(service) -> None:
    machine(service, INNER, instancetype={"name": "u1"})
    found = graph(
        service,
        includeOptionalNodes=False,
        labelSelector={"matchLabels": {"kubevirt.io/dependency-type": "config"}},
    )
    assert shown(found) == [
        "VirtualMachine default/web compute",
        "  Secret default/keys config",
        "  ConfigMap default/cm config",
        "  Secret default/seed config",
    ]


def test_revisions(service) -> None:
    machine(service, instancetype={"name": "u1"})
    vm = service.get(VIRTUAL_MACHINE, "default", "web")
    status = {"instancetypeRef": {"controllerRevisionRef": {"name": "web-u1-1"}}}
    service.update(
        VIRTUAL_MACHINE, "default", "web", {**vm, "status": status}, subresource="status"
    )
    assert shown(graph(service))[2] == "  ControllerRevision default/web-u1-1 config"


def test_instances(service) -> None:
    run(service)
    assert shown(graph(service, "of_instance")) == [
        "VirtualMachineInstance default/web compute",
        "  Pod default/launcher compute",
    ]


@pytest.mark.parametrize("what", ["of_machine", "of_instance"])
def test_refusals(service, what) -> None:
    with pytest.raises(ApiError) as caught:
        graph(service, what)
    assert caught.value.code == 404
    service.delete(KUBEVIRT, "default", "kv")
    with pytest.raises(ApiError) as caught:
        graph(service, what)
    assert caught.value.code == 400
