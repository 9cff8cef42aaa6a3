from launcher.facts import HostFacts
from tests.fakes.shelf import NOW
from virtctl.local.node import inventory
from virtctl.local.node.inventory import NodeIdentity

GIB = 1024**3
IDENTITY = NodeIdentity(
    name="node1", addresses=("10.244.0.2", "fd10::2"), pod_cidrs=("10.244.1.0/24",), version="v1.0"
)


def test_a_node_can_take_machines():
    node = inventory.new_node(IDENTITY, HostFacts(architecture="arm64"))
    labels = node["metadata"]["labels"]
    assert labels["kubevirt.io/schedulable"] == "true"
    assert labels["kubernetes.io/arch"] == "arm64"
    assert node["spec"]["podCIDR"] == "10.244.1.0/24"


def test_devices_follow_the_host():
    facts = HostFacts(cpus=4, memory=8 * GIB, kvm_usable=False, tun=True, vhost_net=True)
    made = inventory.status({}, IDENTITY, facts, NOW)
    found = {key: value for key, value in made["allocatable"].items() if "/" in key}
    assert found == {
        "devices.kubevirt.io/kvm": "0",
        "devices.kubevirt.io/tun": "110",
        "devices.kubevirt.io/vhost-net": "110",
    }
    assert made["capacity"]["memory"] == f"{8 * 1024 * 1024}Ki"
    assert made["allocatable"]["memory"] == f"{(8 * 1024 - 256) * 1024}Ki"
    assert made["nodeInfo"]["architecture"] == "amd64"
    assert {"type": "InternalIP", "address": "fd10::2"} in made["addresses"]


def test_conditions_keep_their_times():
    first = inventory.status({}, IDENTITY, HostFacts(), NOW)
    again = inventory.status({"status": first}, IDENTITY, HostFacts(), NOW + 60)
    assert again == first
    assert first["conditions"][-1]["type"] == "Ready"
    assert all(one["lastHeartbeatTime"] for one in first["conditions"])


def test_the_lease_is_renewed():
    made = inventory.lease(IDENTITY, NOW)
    assert made["spec"]["renewTime"] == "2026-01-01T00:00:00.000000Z"
    life = inventory.sign_of_life(NOW)
    assert life["annotations"] == {"kubevirt.io/heartbeat": "2026-01-01T00:00:00Z"}
    assert life["labels"] == {"kubevirt.io/schedulable": "true"}


def test_a_node_says_what_runs_its_guests():
    made = inventory.marks("qemu", "/dev/kvm is not there")
    assert made == {
        "local.virtctl.io/accelerator": "qemu",
        "local.virtctl.io/accelerator-reason": "/dev/kvm is not there",
    }


def test_bridges_are_offered_by_name() -> None:
    node = {"status": {"capacity": {"cpu": "4", "bridge.network.kubevirt.io/old": "1k"}}}
    made = inventory.offered(node, ["br1"])
    assert made["capacity"] == {"cpu": "4", "bridge.network.kubevirt.io/br1": "1k"}
    assert made["allocatable"] == {"bridge.network.kubevirt.io/br1": "1k"}
