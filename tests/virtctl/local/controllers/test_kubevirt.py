from tests.fakes.shelf import NOW
from virtctl.local.config import LocalConfig
from virtctl.local.controllers.kubevirt import KubeVirtController, build_status, new_kubevirt


def test_emulation_follows_kvm_and_the_configuration():
    def emulates(emulation, usable):
        made = new_kubevirt(LocalConfig(emulation=emulation), kvm_usable=usable)
        return made["spec"]["configuration"]["developerConfiguration"].get("useEmulation", False)

    assert emulates("auto", usable=False)
    assert not emulates("auto", usable=True)
    assert emulates("always", usable=True)
    assert not emulates("never", usable=False)


def test_the_status_is_settled():
    controller = KubeVirtController(LocalConfig(version="1"), kvm_usable=True)
    seen = {"metadata": {"name": "kubevirt", "namespace": "kubevirt", "generation": 4}}
    (patch,) = controller.decide(seen, NOW)
    assert patch.body["status"]["phase"] == "Deployed"
    assert patch.body["status"]["observedGeneration"] == 4
    seen["status"] = build_status(seen, LocalConfig(version="1"), NOW)
    assert controller.decide(seen, NOW + 60) == []


def test_conditions_are_those_that_clients_wait_for():
    made = build_status({"metadata": {"generation": 1}}, LocalConfig(), NOW)
    found = {one["type"]: one["status"] for one in made["conditions"]}
    assert found == {
        "Available": "True",
        "Progressing": "False",
        "Degraded": "False",
        "Created": "True",
    }


def test_addresses_for_other_clusters_are_shown_while_the_gate_is_on():
    controller = KubeVirtController(LocalConfig(), kvm_usable=True, addresses=("10.0.0.1", "fd::1"))

    def shown(spec, status=None):
        seen = {"metadata": {"name": "kubevirt", "namespace": "kubevirt"}, "spec": spec}
        (patch,) = controller.decide({**seen, "status": status or {}}, NOW)
        return patch.body["status"].get("synchronizationAddresses")

    assert shown({}) == ["10.0.0.1:9185", "[fd::1]:9185"]
    assert shown({"synchronizationPort": "77"}) == ["10.0.0.1:77", "[fd::1]:77"]
    off = {"developerConfiguration": {"disabledFeatureGates": ["DecentralizedLiveMigration"]}}
    assert shown({"configuration": off}, {"synchronizationAddresses": ["10.0.0.1:77"]}) is None
