import pytest

from tests.fakes.service import USER, make_service
from virtctl.local.api.admission import Admission
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Hooks, WriteOptions
from virtctl.local.controllers.hyperconverged.configuration import AAQ_NAME
from virtctl.local.controllers.hyperconverged.controller import NAME, HyperConvergedController
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import turn
from virtctl.models.documents import Document
from virtctl.models.kinds import AAQ, HYPERCONVERGED, KUBEVIRT, NODE

STRICT = WriteOptions(actor=USER, field_validation="Strict")
KEY = Key("kubevirt", NAME)


class Clock:
    def now(self) -> float:
        return 1_767_225_600.0


class World:
    """A service with a KubeVirt, and the controller that is turned by hand."""

    def __init__(self) -> None:
        admission = Admission()
        self.service = make_service(Hooks(ModelSchemas(), admission))
        admission.attach(lambda kind: self.service.list(kind).items, self.service.find)
        self.service.ensure_namespace("kubevirt")
        emulated = {"developerConfiguration": {"useEmulation": True}}
        spec: Document = {"configuration": emulated, "imagePullPolicy": "IfNotPresent"}
        self.service.create(KUBEVIRT, "kubevirt", {"metadata": {"name": "kv"}, "spec": spec})
        self.controller = HyperConvergedController("kubevirt", "1.2")

    def make(self, name: str = NAME, **spec: object) -> Document:
        document: Document = {"metadata": {"name": name}, "spec": {**spec}}
        made = self.service.create(HYPERCONVERGED, "kubevirt", document, STRICT)
        self.turn(Key("kubevirt", name))
        return made

    def turn(self, key: Key = KEY) -> None:
        turn(self.controller, self.service, Clock(), WorkQueue(), key)

    @property
    def configuration(self) -> Document:
        return self.service.get(KUBEVIRT, "kubevirt", "kv")["spec"]["configuration"]

    def conditions(self, name: str = NAME) -> dict[str, tuple[str, str]]:
        found = self.service.get(HYPERCONVERGED, "kubevirt", name)["status"]["conditions"]
        return {one["type"]: (one["status"], one["reason"]) for one in found}


@pytest.fixture
def world() -> World:
    return World()


def test_settings_reach_kubevirt_and_are_set_again(world) -> None:
    made = world.make(defaultCPUModel="Haswell")
    assert made["spec"]["liveMigrationConfig"]["progressTimeout"] == 150
    assert world.configuration["cpuModel"] == "Haswell"
    assert world.configuration["migrations"]["parallelMigrationsPerCluster"] == 5
    assert world.configuration["developerConfiguration"]["useEmulation"] is True
    assert "HypervStrictCheck" not in world.configuration["developerConfiguration"]["featureGates"]
    kubevirt = world.service.get(KUBEVIRT, "kubevirt", "kv")
    kubevirt["spec"]["configuration"]["cpuModel"] = "other"
    world.service.update(KUBEVIRT, "kubevirt", "kv", kubevirt)
    world.turn()
    assert world.configuration["cpuModel"] == "Haswell"


def test_status(world) -> None:
    facts = [
        "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion",
        "machineID", "operatingSystem", "osImage", "systemUUID",
    ]  # fmt: skip
    info: Document = {**dict.fromkeys(facts, "x"), "architecture": "amd64"}
    world.service.create(NODE, None, {"metadata": {"name": "n"}, "status": {"nodeInfo": info}})
    world.make()
    done = "ReconcileCompleted"
    assert world.conditions() == {
        "ReconcileComplete": ("True", done), "Available": ("True", done),
        "Progressing": ("False", done), "Degraded": ("False", done),
        "Upgradeable": ("True", done),
    }  # fmt: skip
    status = world.service.get(HYPERCONVERGED, "kubevirt", NAME)["status"]
    assert status["versions"] == [{"name": "operator", "version": "1.2"}]
    assert status["systemHealthStatus"] == "healthy"
    assert status["observedGeneration"] == 1
    assert status["nodeInfo"]["workloadsArchitectures"] == ["amd64"]
    assert status["infrastructureHighlyAvailable"] is False
    assert [one["kind"] for one in status["relatedObjects"]] == ["KubeVirt"]


def test_nothing_is_written_twice(world) -> None:
    world.make()
    world.turn()
    before = world.service.list(HYPERCONVERGED).resource_version
    world.turn()
    assert world.service.list(HYPERCONVERGED).resource_version == before


def test_a_kubevirt_that_is_not_well(world) -> None:
    kubevirt = world.service.get(KUBEVIRT, "kubevirt", "kv")
    said = [
        {"type": "Available", "status": "False", "reason": "No", "message": "a part is down"},
        {"type": "Degraded", "status": "True", "reason": "No"},
    ]
    kubevirt["status"] = {"conditions": said}
    world.service.update(KUBEVIRT, "kubevirt", "kv", kubevirt, subresource="status")
    world.make()
    assert world.conditions() == {
        "ReconcileComplete": ("True", "ReconcileCompleted"),
        "Available": ("False", "KubeVirtAvailable"),
        "Progressing": ("False", "ReconcileCompleted"),
        "Degraded": ("True", "KubeVirtDegraded"),
        "Upgradeable": ("False", "KubeVirtDegraded"),
    }


def test_without_kubevirt(world) -> None:
    world.service.delete(KUBEVIRT, "kubevirt", "kv")
    world.make()
    assert world.conditions()["Available"] == ("False", "KubeVirtConditions")


def test_another_name_is_not_followed(world) -> None:
    world.make("mine", defaultCPUModel="Haswell")
    assert "cpuModel" not in world.configuration
    assert world.conditions("mine")["ReconcileComplete"] == ("False", "InvalidRequest")


def test_application_aware_quotas_come_and_go(world) -> None:
    world.make(enableApplicationAwareQuota=True)
    assert world.service.exists(AAQ, None, AAQ_NAME)
    hco = world.service.get(HYPERCONVERGED, "kubevirt", NAME)
    hco["spec"]["applicationAwareConfig"] = {"vmiCalcConfigName": "VmiPodUsage"}
    world.service.update(HYPERCONVERGED, "kubevirt", NAME, hco)
    world.turn()
    configuration = world.service.get(AAQ, None, AAQ_NAME)["spec"]["configuration"]
    assert configuration["vmiCalculatorConfiguration"] == {"configName": "VmiPodUsage"}
    hco = world.service.get(HYPERCONVERGED, "kubevirt", NAME)
    hco["spec"]["enableApplicationAwareQuota"] = False
    world.service.update(HYPERCONVERGED, "kubevirt", NAME, hco)
    world.turn()
    assert not world.service.exists(AAQ, None, AAQ_NAME)


def test_what_is_watched(world) -> None:
    _, kubevirts, quotas, _ = world.controller.watched
    assert list(kubevirts.keys({})) == list(quotas.keys({})) == [KEY]
    assert world.controller.observe(world.service, KEY) is None
