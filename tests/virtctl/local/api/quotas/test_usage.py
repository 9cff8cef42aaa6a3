import pytest

from virtctl.local.api.quotas.usage import counts, missing, total, usage_of
from virtctl.models.kinds import CONFIG_MAP, POD, PVC, SERVICE, VIRTUAL_MACHINE
from virtctl.wire.quantities import parse_quantity


def spelled(usage):
    return {name: str(amount) for name, amount in usage.items()}


def container(name="c", limits=None, **requests):
    return {"name": name, "resources": {"requests": requests, "limits": limits or {}}}


def pod(*containers, init=(), **metadata):
    return {
        "kind": "Pod",
        "metadata": {"name": "p", **metadata},
        "spec": {"containers": list(containers), "initContainers": list(init)},
    }


def test_objects_count():
    assert spelled(usage_of(CONFIG_MAP, {})) == {"count/configmaps": "1", "configmaps": "1"}
    assert spelled(usage_of(VIRTUAL_MACHINE, {})) == {"count/virtualmachines.kubevirt.io": "1"}


def test_pods_use_what_their_containers_request():
    used = spelled(
        usage_of(POD, pod(container(cpu="100m", memory="64Mi"), container("d", cpu="1")))
    )
    assert used["requests.cpu"] == used["cpu"] == "1100m"
    assert used["requests.memory"] == used["memory"] == "64Mi"
    assert used["pods"] == used["count/pods"] == "1"
    assert "limits.cpu" not in used


def test_a_limit_is_a_request_and_devices_are_requested_only():
    limits = {"memory": "1Gi", "devices.kubevirt.io/tun": "1"}
    used = spelled(usage_of(POD, pod(container(limits=limits))))
    assert used["requests.memory"] == used["limits.memory"] == "1Gi"
    assert used["requests.devices.kubevirt.io/tun"] == "1"
    assert "devices.kubevirt.io/tun" not in used


def test_what_starts_alone_counts_when_it_is_more():
    sidecar = {**container("s", cpu="1"), "restartPolicy": "Always"}
    used = usage_of(POD, pod(container(cpu="1"), init=(sidecar, container("i", cpu="3"))))
    assert str(used["requests.cpu"]) == "3"
    used = usage_of(POD, pod(container(cpu="1"), init=(sidecar, container("i", cpu="1500m"))))
    assert str(used["requests.cpu"]) == "2"


def test_a_launcher_pod_uses_what_its_guest_has():
    vmi = {"spec": {"domain": {"cpu": {"sockets": 2, "cores": 2}, "memory": {"guest": "512Mi"}}}}
    launcher = pod(container(cpu="400m"), labels={"kubevirt.io": "virt-launcher"})
    used = spelled(usage_of(POD, launcher, vmi))
    assert used["requests.instances/vmi"] == "1"
    assert used["requests.cpu/vmi"] == "4"
    assert used["requests.memory/vmi"] == "512Mi"
    assert used["requests.cpu"] == "400m"
    assert "requests.instances/vmi" not in usage_of(POD, pod(), vmi)


def test_claims_use_storage_of_their_class():
    claim = {"spec": {"storageClassName": "s", "resources": {"requests": {"storage": "2Gi"}}}}
    used = spelled(usage_of(PVC, claim))
    assert used["requests.storage"] == "2Gi"
    assert used["s.storageclass.storage.k8s.io/requests.storage"] == "2Gi"
    assert used["s.storageclass.storage.k8s.io/persistentvolumeclaims"] == "1"


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("ClusterIP", {}),
        ("NodePort", {"services.nodeports": "2"}),
        ("LoadBalancer", {"services.loadbalancers": "1", "services.nodeports": "2"}),
    ],
)
def test_services_use_what_their_type_takes(kind, wanted):
    used = spelled(usage_of(SERVICE, {"spec": {"type": kind, "ports": [{}, {}]}}))
    assert used == {"count/services": "1", "services": "1", **wanted}


def test_pods_that_are_over_use_nothing():
    assert counts(POD, {"status": {"phase": "Running"}})
    assert not counts(POD, {"status": {"phase": "Succeeded"}})
    assert counts(PVC, {"status": {"phase": "Failed"}})


def test_what_is_counted_must_be_said():
    one = pod(container(cpu="1"), container("d", limits={"memory": "1Gi"}))
    assert missing(one, ["requests.cpu", "pods", "requests.storage"]) == "requests.cpu for: d"
    assert missing(one, ["limits.memory", "memory"]) == "limits.memory for: c; memory for: c"


def test_sums():
    usages = [{"a": parse_quantity("1")}, {"a": parse_quantity("2"), "b": parse_quantity("1Gi")}]
    assert spelled(total(usages)) == {"a": "3", "b": "1Gi"}
