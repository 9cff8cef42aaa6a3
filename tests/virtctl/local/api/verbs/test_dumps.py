import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import ApiError
from virtctl.local.api.verbs.dumps import MemoryDumps
from virtctl.models.kinds import (
    CDI_CONFIG,
    KUBEVIRT,
    PVC,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)


def claim(service, name, size="1Gi", **spec):
    document = {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            **spec,
        },
    }
    service.create(PVC, "default", document)


@pytest.fixture
def service():
    made = make_service()
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["HotplugVolumes"]}}}
    made.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    made.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}})
    requests = {"requests": {"memory": "64Mi"}}
    spec = {"domain": {"memory": {"guest": "1Gi"}, "resources": requests}}
    vmi = {"metadata": {"name": "web"}, "spec": spec, "status": {"phase": "Running"}}
    made.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    claim(made, "p1")
    return made


def ask(service, verb, name="web", **body) -> str:
    try:
        getattr(MemoryDumps(service), verb)("default", name, body, USER)
    except ApiError as error:
        return f"{error.code} {error.message.rpartition(': ')[2]}"
    return "ok"


def requested(service):
    status = service.get(VIRTUAL_MACHINE, "default", "web").get("status", {})
    return status.get("memoryDumpRequest")


def test_a_dump_is_recorded_and_to_be_forgotten(service) -> None:
    assert ask(service, "request", claimName="p1") == "ok"
    found = requested(service)
    assert found == {"claimName": "p1", "phase": "Associating"}
    claim(service, "p2")
    assert "while pvc [p1] is still associated" in ask(service, "request", claimName="p2")
    vm = service.get(VIRTUAL_MACHINE, "default", "web")
    vm["status"]["memoryDumpRequest"] = {"claimName": "p1", "phase": "Completed"}
    service.update(VIRTUAL_MACHINE, "default", "web", vm, subresource="status")
    assert ask(service, "request") == "ok"  # again, to the same claim
    vm = service.get(VIRTUAL_MACHINE, "default", "web")
    for phase, said in (
        ("Dissociating", "409 can't dump memory for pvc [p1] a remove"),
        ("InProgress", "409 memory dump request for pvc [p1] already in progress"),
    ):
        vm["status"]["memoryDumpRequest"] = {"claimName": "p1", "phase": phase}
        vm = service.update(VIRTUAL_MACHINE, "default", "web", vm, subresource="status")
        assert ask(service, "request").startswith(said)
    assert ask(service, "remove") == "ok"
    assert requested(service) == {"claimName": "p1", "phase": "Dissociating", "remove": True}
    assert ask(service, "remove").startswith("409 memory dump remove request for pvc [p1] already")


def test_there_is_nothing_to_forget(service) -> None:
    assert ask(service, "remove").startswith("409 can't remove memory dump association for vm web")


def test_dry_run(service) -> None:
    assert ask(service, "request", claimName="p1", dryRun=["All"]) == "ok"
    assert requested(service) is None


@pytest.mark.parametrize(
    ("name", "spec", "said"),
    [
        ("block", {"volumeMode": "Block"}, "409 pvc should be filesystem pvc"),
        ("fixed", {"accessModes": ["ReadOnlyMany"]}, "409 pvc access mode can't be read only"),
        (
            "small",
            {"resources": {"requests": {"storage": "100Mi"}}},
            "409 pvc size [100Mi] should be bigger then [164Mi]",
        ),
    ],
)
def test_claims_that_do_not_fit(service, name, spec, said) -> None:
    claim(service, name, **spec)
    assert ask(service, "request", claimName=name) == said


def test_file_systems_take_their_share(service) -> None:
    overhead = {"filesystemOverhead": {"global": "0.5"}}
    service.create(CDI_CONFIG, None, {"metadata": {"name": "config"}, "status": overhead})
    claim(service, "small", "200Mi")
    assert ask(service, "request", claimName="small").endswith("bigger then [246Mi]")


def test_refusals(service) -> None:
    assert ask(service, "request").startswith("400 Memory dump requires claim name")
    assert (
        ask(service, "request", claimName="none")
        == '404 persistentvolumeclaim.kubevirt.io "none" not found'
    )
    assert ask(service, "request", "none", claimName="p1").startswith("404")
    vmi = service.get(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    service.update(
        VIRTUAL_MACHINE_INSTANCE, "default", "web", {**vmi, "status": {"phase": "Scheduled"}}
    )
    assert ask(service, "request", claimName="p1") == "409 VMI is not running"
    service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    assert ask(service, "request", claimName="p1").startswith("404")
    off = {"developerConfiguration": {"disabledFeatureGates": ["DeclarativeHotplugVolumes"]}}
    kubevirt = service.get(KUBEVIRT, "default", "kv")
    kubevirt = {**kubevirt, "spec": {"configuration": off}}
    service.update(KUBEVIRT, "default", "kv", kubevirt)
    assert ask(service, "request", claimName="p1").startswith("400 Enable Declarative")
