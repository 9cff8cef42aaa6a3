from __future__ import annotations

import pytest

from tests.fakes.service import make_service
from virtctl.local.api.quotas import aware
from virtctl.models.documents import Document
from virtctl.models.kinds import AAQ, CONFIG_MAP, POD

VMI: Document = {
    "metadata": {"name": "vm"},
    "spec": {"domain": {"cpu": {"cores": 2, "sockets": 2}, "memory": {"guest": "1Gi"}}},
    "status": {"nodeName": "a"},
}


def pod(**more: object) -> Document:
    labels: Document = {"kubevirt.io": "virt-launcher", **more.get("labels", {})}
    containers = [
        {"name": "compute", "resources": {"requests": {"cpu": "100m", "memory": "1300Mi"}}},
        {"name": "log", "resources": {"requests": {"cpu": "5m", "memory": "35Mi"}}},
    ]
    spec: Document = {"nodeName": more.get("node", "a"), "containers": containers}
    return {"metadata": {"name": "p", "namespace": "default", "labels": labels}, "spec": spec}


def used(method: str, vmi: Document | None = VMI, **more: object) -> dict[str, str]:
    found = aware.pod_usage(pod(**more), vmi, method)
    return {name: str(amount) for name, amount in found.items()}


def test_virtual_resources_have_names_of_their_own() -> None:
    assert used("DedicatedVirtualResources") == {
        "requests.instances/vmi": "1", "instances/vmi": "1",
        "requests.cpu/vmi": "4", "cpu/vmi": "4",
        "requests.memory/vmi": "1Gi", "memory/vmi": "1Gi",
    }  # fmt: skip


def test_virtual_resources_under_the_usual_names() -> None:
    found = used("VirtualResources")
    assert found["requests.memory"] == found["memory"] == found["limits.memory"] == "1Gi"
    assert (found["cpu"], found["pods"]) == ("4", "1")


@pytest.mark.parametrize("method", ["VmiPodUsage", "IgnoreVmiCalculator"])
def test_pods_as_they_are(method: str) -> None:
    found = used(method)
    assert (found["requests.cpu"], found["requests.memory"]) == ("105m", "1335Mi")
    assert "cpu/vmi" not in found
    assert used(method, None) == found


def test_what_the_guest_has_of_its_pod() -> None:
    found = aware.pod_usage(pod(), VMI, "GuestEffectiveResources", 276 << 20)
    assert (str(found["requests.cpu"]), str(found["requests.memory"])) == ("100m", "1Gi")
    assert "limits.memory" not in found
    assert str(found["memory"]) == "1300Mi"
    there = pod(**TARGET, node="b")
    assert set(map(str, aware.pod_usage(there, VMI, "GuestEffectiveResources", 1).values())) == {
        "0"
    }


TARGET = {"labels": {"kubevirt.io/migrationJobUID": "u"}}


def test_a_migration_costs_what_the_machine_grows_by() -> None:
    target = used("DedicatedVirtualResources", **TARGET, node="b")
    assert set(target.values()) == {"0"}
    grows: Document = {
        **VMI, "status": {
            "nodeName": "a", "memory": {"guestRequested": "512Mi"},
            "currentCPUTopology": {"sockets": 1, "cores": 2},
        },
    }  # fmt: skip
    here = used("DedicatedVirtualResources", grows)
    assert (here["cpu/vmi"], here["memory/vmi"]) == ("2", "512Mi")
    there = used("DedicatedVirtualResources", grows, **TARGET, node="b")
    assert (there["cpu/vmi"], there["memory/vmi"], there["instances/vmi"]) == ("2", "512Mi", "0")
    after = used("DedicatedVirtualResources", **TARGET, node="a")
    assert after["cpu/vmi"] == "4"


@pytest.mark.parametrize(
    ("selector", "labels", "wanted"),
    [
        ({}, {aware.ENABLING: ""}, True),
        ({}, {}, False),
        ({"matchLabels": {"team": "a"}}, {"team": "a"}, True),
        ({"matchLabels": {"team": "a"}}, {aware.ENABLING: ""}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Like"}]}, {"a": "b"}, False),
    ],
)
def test_which_namespaces(selector: Document, labels: Document, *, wanted: bool) -> None:
    aaq: Document = {"spec": {"namespaceSelector": selector}}
    assert aware.selects(aaq, {"metadata": {"labels": labels}}) is wanted


class Everything:
    """A service, as rules read it."""

    def __init__(self, service) -> None:
        self._service = service

    def get(self, kind, namespace, name):
        return self._service.find(kind, namespace, name)

    def list(self, kind, namespace):
        return self._service.list(kind, namespace or None).items


def test_pods_are_gated_where_quotas_are_for() -> None:
    service = make_service()
    stored = Everything(service)

    def gates(kind=POD) -> list[object]:
        made = pod()
        made["spec"]["schedulingGates"] = [{"name": "other"}]
        aware.gate(kind, made, stored)
        return [one["name"] for one in made["spec"]["schedulingGates"]]

    assert gates() == ["other"]
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "default"}}
    service.create(AAQ, None, {"metadata": {"name": "a"}, "spec": {"namespaceSelector": selector}})
    assert gates() == ["other", aware.GATE]
    assert gates(CONFIG_MAP) == ["other"]
    made = {"spec": {"schedulingGates": [{"name": "other"}, {"name": aware.GATE}]}}
    assert aware.without_gate(made) == [{"name": "other"}]
    aaq = service.get(AAQ, None, "a")
    aaq["spec"] = {}
    service.update(AAQ, None, "a", aaq)
    assert gates() == ["other"]


def test_methods() -> None:
    assert aware.method_of({}) == "DedicatedVirtualResources"
    path = {"vmiCalculatorConfiguration": {"configName": "VmiPodUsage"}}
    assert aware.method_of({"spec": {"configuration": path}}) == "VmiPodUsage"


def test_what_pods_use() -> None:
    for name in ("pods", "cpu/vmi", "requests.memory", "limits.cpu", "requests.example/gpu"):
        assert aware.is_of_pods(name)
    for name in ("persistentvolumeclaims", "requests.storage", "count/virtualmachines.kubevirt.io"):
        assert not aware.is_of_pods(name)
