"""Secondary networks from a machine's manifest to its pod, with plugins that are none."""

import asyncio
import json

import msgspec
import pytest

from launcher.errors import HostError
from launcher.hostnet import LinkMade
from launcher.state import Stage
from tests.fakes.cluster import Cluster, machine
from virtctl.local.api.service import Actor, WriteOptions
from virtctl.local.networks.linknames import secondary_link
from virtctl.local.node import attendance
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    EVENT,
    POD,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.wire.patches import merge_patch

CONTROLLER = Actor("virt-controller", system=True)
LINK = secondary_link("nic-add1")
CONFIG = {"cniVersion": "0.3.1", "name": "virt-bridge", "type": "bridge", "bridge": "br1"}


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


def define(cluster, name="virt-bridge", namespace="default", config=CONFIG):
    text = config if isinstance(config, str) else json.dumps(config)
    document = {"metadata": {"name": name, "namespace": namespace}, "spec": {"config": text}}
    cluster.service.create(ATTACHMENT_DEFINITION, namespace, document)


def with_networks(*networks, **changes):
    """A machine with a masqueraded NIC and bridged ones on these networks."""
    vm = machine(**changes)
    spec = vm["spec"]["template"]["spec"]
    spec["networks"] = [{"name": "default", "pod": {}}]
    spec["domain"]["devices"]["interfaces"] = [{"name": "default", "masquerade": {}}]
    for name, nad in networks:
        spec["networks"].append({"name": name, "multus": {"networkName": nad}})
        spec["domain"]["devices"]["interfaces"].append({"name": name, "bridge": {}})
    return vm


def the_pod(cluster):
    (pod,) = cluster.service.list(POD, "default").items
    return pod


def events(cluster, kind="Pod"):
    return [
        (one["reason"], one["message"])
        for one in cluster.service.list(EVENT, "default").items
        if one["involvedObject"]["kind"] == kind
    ]


def status_of(pod):
    return json.loads(pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/network-status"])


async def test_a_pod_gets_its_links_and_says_so(cluster):
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    await cluster.until(lambda: cluster.printable() == "Running")
    first, second = status_of(the_pod(cluster))
    assert (first["interface"], first["default"]) == ("eth0", True)
    mac = cluster.vm()["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][1]
    assert second == {
        "name": "default/virt-bridge", "interface": LINK, "mac": mac["macAddress"], "mtu": 1500,
        "dns": {},
    }  # fmt: skip
    name = the_pod(cluster)["metadata"]["name"]
    (record,) = cluster.host.links(name)
    assert record.ask.conflist["plugins"] == [CONFIG]
    assert record.ask.arguments["K8S_POD_NAME"] == name
    assert ("AddedInterface", f"Add {LINK} [] from default/virt-bridge") in events(cluster)
    (guest,) = cluster.host.running.values()
    assert [nic.pod_nic for nic in guest.spec.nics] == ["eth0", LINK]
    entries = await cluster.until(lambda: cluster.vmi()["status"]["interfaces"][1:])
    assert entries[0] == {
        "name": "nic-add1", "podInterfaceName": LINK, "infoSource": "multus-status",
    }  # fmt: skip
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not cluster.service.list(POD, "default").items)
    assert cluster.host.links(name) == ()


async def test_a_missing_definition_is_waited_for(cluster):
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    message = (
        "failed to render launch manifest: failed to locate network attachment definition "
        "default/virt-bridge"
    )
    await cluster.until(
        lambda: ("FailedCreate", message) in events(cluster, "VirtualMachineInstance")
    )
    (condition,) = await cluster.until(
        lambda: [c for c in cluster.vmi()["status"]["conditions"] if c["type"] == "Synchronized"]
    )
    assert (condition["reason"], condition["message"]) == ("FailedCreate", message)
    define(cluster)
    await cluster.until(lambda: cluster.printable() == "Running")


@pytest.mark.parametrize(
    ("nad", "config", "problem"),
    [
        ("other/lan", CONFIG, "refers to target namespace other"),
        ("lan", '{"type":', "failed to unmarshal spec.config"),
    ],
)
async def test_what_cannot_be_used_is_told_and_tried_again(cluster, nad, config, problem):
    namespace = "other" if "/" in nad else "default"
    cluster.service.ensure_namespace(namespace)
    define(cluster, "lan", namespace, config)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("a", nad)))
    await cluster.until(
        lambda: any(
            reason == "FailedCreatePodSandBox" and problem in message
            for reason, message in events(cluster)
        )
    )
    said = await cluster.until(
        lambda: [
            c
            for c in cluster.vmi()["status"]["conditions"]
            if c["type"] == "Synchronized" and c["reason"] == "FailedCreatePodSandBox"
        ]
    )
    assert problem in said[0]["message"]


async def test_a_plugins_own_words_reach_the_user(cluster):
    define(cluster)
    words = 'failed to setup vlan tag on interface "veth1": operation not supported'
    cluster.host.refuse_links = words
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    await cluster.until(
        lambda: any(
            reason == "FailedCreatePodSandBox" and message.endswith(words)
            for reason, message in events(cluster)
        )
    )
    assert cluster.host.calls == [f"DEL {LINK}"]  # after the failed ADD
    cluster.host.refuse_links = ""
    await cluster.until(lambda: cluster.printable() == "Running")
    conditions = cluster.vmi()["status"]["conditions"]
    assert "Synchronized" not in [each["type"] for each in conditions]


async def test_a_default_network_takes_the_place_of_the_pods(cluster):
    define(cluster)
    vm = with_networks()
    spec = vm["spec"]["template"]["spec"]
    spec["networks"] = [
        {"name": "default", "multus": {"networkName": "virt-bridge", "default": True}}
    ]
    spec["domain"]["devices"]["interfaces"] = [{"name": "default", "bridge": {}}]
    cluster.service.create(VIRTUAL_MACHINE, "default", vm)
    await cluster.until(lambda: cluster.printable() == "Running")
    (first,) = status_of(the_pod(cluster))
    assert (first["name"], first["interface"]) == ("default/virt-bridge", "eth0")


async def test_networks_come_and_go_while_the_guest_runs(cluster):
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks())
    await cluster.until(lambda: cluster.printable() == "Running")
    spec = cluster.vmi()["spec"]
    networks = [*spec["networks"], {"name": "nic-add1", "multus": {"networkName": "virt-bridge"}}]
    interfaces = [*spec["domain"]["devices"]["interfaces"], {"name": "nic-add1", "bridge": {}}]
    change(cluster, networks, interfaces)
    await cluster.until(lambda: len(status_of(the_pod(cluster))) == 2)
    await cluster.until(
        lambda: (
            [one.get("infoSource") for one in cluster.vmi()["status"]["interfaces"]][1:]
            == ["multus-status"]
        )
    )
    interfaces[1]["state"] = "absent"
    change(cluster, networks, interfaces)
    await cluster.until(lambda: len(status_of(the_pod(cluster))) == 1)
    assert cluster.host.calls == [f"ADD {LINK}", f"DEL {LINK}"]
    await cluster.until(lambda: len(cluster.vmi()["status"]["interfaces"]) == 1)
    assert "RemovedInterface" in [reason for reason, _ in events(cluster)]


async def test_a_network_that_cannot_come_live_is_told_and_tried_again(cluster, monkeypatch):
    monkeypatch.setattr(attendance, "_LINK_PATIENCE", 0.05)
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks())
    await cluster.until(lambda: cluster.printable() == "Running")
    cluster.host.refuse_links = "no such bridge"
    spec = cluster.vmi()["spec"]
    networks = [*spec["networks"], {"name": "nic-add1", "multus": {"networkName": "virt-bridge"}}]
    interfaces = [*spec["domain"]["devices"]["interfaces"], {"name": "nic-add1", "bridge": {}}]
    change(cluster, networks, interfaces)
    await cluster.until(
        lambda: any(
            reason == "FailedAddingInterface" and "no such bridge" in message
            for reason, message in events(cluster)
        )
    )
    cluster.host.refuse_links = ""
    _, added = await cluster.until(lambda: len(found := status_of(the_pod(cluster))) == 2 and found)
    assert (added["name"], added["interface"]) == ("default/virt-bridge", LINK)


def change(cluster, networks, interfaces):
    body = {"spec": {"networks": networks, "domain": {"devices": {"interfaces": interfaces}}}}
    cluster.service.patch(
        VIRTUAL_MACHINE_INSTANCE,
        "default",
        "vm1",
        merge_patch(body),
        options=WriteOptions(actor=CONTROLLER),
    )


class Recorder:
    """An attacher that is no plugin."""

    def __init__(self) -> None:
        self.calls = []

    async def add(self, pod, nad, interface, request):
        self.calls.append(("add", nad["metadata"]["name"], interface))
        return LinkMade(mac="0a:58:0a:00:00:01", mtu=1400)

    async def check(self, request):
        raise HostError("not as it was")

    async def delete(self, request):
        self.calls.append(("delete", request.network, request.ifname))


async def test_types_that_are_no_plugins_have_attachers_of_their_own(cluster):
    recorder = Recorder()
    multus = cluster.agent_object.multus
    multus._attachers["ovn-k8s-cni-overlay"] = recorder
    define(cluster, "layer2", config={"type": "ovn-k8s-cni-overlay", "name": "l2"})
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "layer2")))
    await cluster.until(lambda: cluster.printable() == "Running")
    assert recorder.calls == [("add", "layer2", LINK)]
    assert status_of(the_pod(cluster))[1]["mtu"] == 1400
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not cluster.service.list(POD, "default").items)
    assert ("delete", "default/layer2", LINK) in recorder.calls
    assert cluster.host.calls == []


async def test_a_restarted_agent_neither_loses_nor_doubles_links(cluster):
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    await cluster.until(lambda: cluster.printable() == "Running")
    cluster.agent.cancel()
    await asyncio.wait({cluster.agent})
    cluster.agent = cluster.start_agent()
    (guest,) = cluster.host.running.values()
    guest.become(Stage.PAUSED)
    await cluster.until(lambda: cluster.printable() == "Paused")
    assert cluster.host.calls == [f"ADD {LINK}"]
    assert len(status_of(the_pod(cluster))) == 2


async def test_a_machine_waits_for_a_node_with_its_bridge(cluster):
    resource = {"k8s.v1.cni.cncf.io/resourceName": "bridge.network.kubevirt.io/br7"}
    metadata = {"name": "virt-bridge", "namespace": "default", "annotations": resource}
    document = {"metadata": metadata, "spec": {"config": json.dumps(CONFIG)}}
    cluster.service.create(ATTACHMENT_DEFINITION, "default", document)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    message = "0/1 nodes are available: 1 Insufficient bridge.network.kubevirt.io/br7."
    await cluster.until(lambda: ("FailedScheduling", message) in events(cluster))
    assert not cluster.host.links_made
    cluster.host.node_bridges.append("br7")
    await cluster.until(lambda: cluster.printable() == "Running")


async def test_what_will_not_work_as_meant_is_said(cluster):
    config = CONFIG | {"ipam": {"type": "static", "addresses": [{"address": "10.9.9.9/24"}]}}
    define(cluster, config=config)
    cluster.host.made = LinkMade(
        result={"ips": [{"address": "10.9.9.9/24"}]}, mtu=9000, notes=("the MTU is too large",)
    )
    for name in ("vm1", "vm2"):
        vm = with_networks(("nic-add1", "virt-bridge"))
        vm["metadata"]["name"] = name
        cluster.service.create(VIRTUAL_MACHINE, "default", vm)
        await cluster.until(lambda name=name: cluster.printable(name) == "Running")
    for kind in ("Pod", "VirtualMachineInstance"):
        said = [text for reason, text in events(cluster, kind) if reason == "NetworkDoubtful"]
        assert f"{LINK} of default/virt-bridge: the MTU is too large" in said
        assert any("nic-add1 the bridge binding" in text for text in said)
        assert any("10.9.9.9 is also that of the pod default/virt-launcher-vm1" in t for t in said)


async def test_a_link_that_was_cut_off_is_made_anew(cluster):
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    await cluster.until(lambda: cluster.printable() == "Running")
    cluster.agent.cancel()
    await asyncio.wait({cluster.agent})
    (pod,) = cluster.host.links_made
    record = cluster.host.links_made[pod][LINK]
    cluster.host.links_made[pod][LINK] = msgspec.structs.replace(record, made=None)
    cluster.host.calls.clear()
    cluster.agent = cluster.start_agent()
    await cluster.until(lambda: cluster.host.calls == [f"DEL {LINK}", f"ADD {LINK}"])
    assert cluster.printable() == "Running"


async def test_an_annotation_that_nobody_can_read_is_put_right(cluster):
    define(cluster)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("nic-add1", "virt-bridge")))
    await cluster.until(lambda: cluster.printable() == "Running")
    pod = the_pod(cluster)["metadata"]["name"]
    key = "k8s.v1.cni.cncf.io/networks"
    good = the_pod(cluster)["metadata"]["annotations"][key]
    broken = {"metadata": {"annotations": {key: "[{"}}}
    cluster.service.patch(POD, "default", pod, merge_patch(broken))
    await cluster.until(lambda: the_pod(cluster)["metadata"]["annotations"][key] == good)
    (guest,) = cluster.host.running.values()
    guest.become(Stage.PAUSED)
    await cluster.until(lambda: cluster.printable() == "Paused")
    assert cluster.host.calls == [f"ADD {LINK}"]
