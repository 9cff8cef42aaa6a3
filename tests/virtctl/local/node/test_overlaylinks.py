"""Pods of machines on networks of OVN that are none."""

import json

import msgspec
import pytest

from launcher.errors import HostError
from tests.fakes.cluster import Cluster
from tests.fakes.ovn import FakeOvn
from tests.virtctl.local.node.test_multus import events, status_of, the_pod, with_networks
from virtctl.local.networks.linknames import secondary_link
from virtctl.local.node.overlaylinks import TYPE, OverlayAttacher
from virtctl.models.kinds import ATTACHMENT_DEFINITION, IPAM_CLAIM, POD, VIRTUAL_MACHINE
from virtctl.wire.patches import merge_patch

LINK = secondary_link("blue")


@pytest.fixture
async def cluster():
    made = Cluster()
    made.ovn = FakeOvn()
    made.attachers = {TYPE: OverlayAttacher(made.service, made.ovn, "node1", made.clock)}
    made.start()
    yield made
    await made.stop()


def define(cluster, name="l2", **changes):
    config = {
        "cniVersion": "0.3.1", "name": "l2-network", "type": TYPE, "topology": "layer2",
        "netAttachDefName": f"default/{name}", **changes,
    }  # fmt: skip
    document = {
        "metadata": {"name": name, "namespace": "default"}, "spec": {"config": json.dumps(config)},
    }  # fmt: skip
    cluster.service.create(ATTACHMENT_DEFINITION, "default", document)


async def test_a_pod_has_what_ovn_kubernetes_gives(cluster):
    define(cluster, subnets="10.100.200.0/24")
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("blue", "l2")))
    await cluster.until(lambda: cluster.printable() == "Running")
    pod = the_pod(cluster)
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    mac = cluster.vm()["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][1]
    ((port, (node, ask)),) = cluster.ovn.ports.items()
    assert (port, node) == (f"default.l2_default_{name}", "node1")
    assert (ask.netns, ask.ifname, ask.version, ask.mtu) == (name, LINK, uid, 1400)
    assert ask.mac == mac["macAddress"]
    assert ask.external == {
        "namespace": "default", "pod": "true", "k8s.ovn.org/network": "l2-network",
        "k8s.ovn.org/nad": "default/l2", "k8s.ovn.org/topology": "layer2",
    }  # fmt: skip
    assert json.loads(pod["metadata"]["annotations"]["k8s.ovn.org/pod-networks"]) == {
        "default/l2": {
            "ip_addresses": ["10.100.200.1/24"], "mac_address": mac["macAddress"],
            "ip_address": "10.100.200.1/24", "role": "secondary",
        },
    }  # fmt: skip
    _, second = status_of(pod)
    assert (second["name"], second["ips"], second["mtu"]) == ("default/l2", ["10.100.200.1"], 1400)
    (record,) = cluster.host.links(name)
    await cluster.attachers[TYPE].check(record.ask)
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: not cluster.service.list(POD, "default").items)
    assert cluster.ovn.ports == {}
    with pytest.raises(HostError, match="is gone"):
        await cluster.attachers[TYPE].check(record.ask)


async def test_a_machine_keeps_its_addresses(cluster):
    define(cluster, subnets="10.100.200.0/24", allowPersistentIPs=True)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("blue", "l2")))
    await cluster.until(lambda: cluster.printable() == "Running")
    claim = cluster.service.get(IPAM_CLAIM, "default", "vm1.blue")
    assert claim["spec"] == {"network": "l2-network", "interface": LINK}
    assert claim["status"]["ips"] == ["10.100.200.1/24"]
    assert claim["metadata"]["ownerReferences"][0]["kind"] == "VirtualMachine"
    asked = the_pod(cluster)["metadata"]["annotations"]["k8s.v1.cni.cncf.io/networks"]
    assert json.loads(asked)[0]["ipam-claim-reference"] == "vm1.blue"
    other = with_networks(("blue", "l2"))
    other["metadata"]["name"] = "vm2"
    cluster.service.create(VIRTUAL_MACHINE, "default", other)
    await cluster.until(lambda: cluster.printable("vm2") == "Running")
    asks = {ask.netns.split("-")[2]: ask for _, ask in cluster.ovn.ports.values()}
    assert asks["vm1"].addresses == asks["vm2"].addresses == ()
    assert asks["vm2"].reserved == ("10.100.200.1/24",)
    for strategy in ("Halted", "Always"):
        change = {"spec": {"runStrategy": strategy}}
        cluster.service.patch(VIRTUAL_MACHINE, "default", "vm1", merge_patch(change))
        wanted = "Stopped" if strategy == "Halted" else "Running"
        await cluster.until(lambda wanted=wanted: cluster.printable() == wanted)
    asks = {ask.netns.split("-")[2]: ask for _, ask in cluster.ovn.ports.values()}
    assert asks["vm1"].addresses == ("10.100.200.1/24",)
    cluster.service.delete(VIRTUAL_MACHINE, "default", "vm1")
    await cluster.until(lambda: cluster.service.find(IPAM_CLAIM, "default", "vm1.blue") is None)


@pytest.mark.parametrize(
    ("changes", "refuse", "problem"),
    [
        ({"ipam": {"type": "static"}}, "", "IPAM key is not supported"),
        ({}, "OVN is not installed: the packages ovn-host are missing", "ovn-host are missing"),
    ],
)
async def test_what_cannot_be_is_told_to_the_user(cluster, changes, refuse, problem):
    cluster.ovn.refuse = refuse
    define(cluster, **changes)
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("blue", "l2")))
    await cluster.until(
        lambda: any(
            reason == "FailedCreatePodSandBox" and problem in message
            for reason, message in events(cluster)
        )
    )
    assert not cluster.ovn.ports


async def test_a_pod_is_on_a_network_once_and_asks_for_no_address_beside_ipam(cluster):
    define(cluster, subnets="10.100.200.0/24")
    cluster.service.create(VIRTUAL_MACHINE, "default", with_networks(("blue", "l2")))
    await cluster.until(lambda: cluster.printable() == "Running")
    pod = the_pod(cluster)
    (record,) = cluster.host.links(pod["metadata"]["name"])
    nad = cluster.service.get(ATTACHMENT_DEFINITION, "default", "l2")
    attacher = cluster.attachers[TYPE]
    asking = msgspec.structs.replace(record.ask, capabilities={"ips": ["10.100.200.9/24"]})
    with pytest.raises(HostError, match="cannot allocate a static IP request with IPAM for pod de"):
        await attacher.add(pod, nad, LINK, asking)
    again = msgspec.structs.replace(record.ask, ifname="net2")
    with pytest.raises(HostError, match=f"is on default/l2 by {LINK} already"):
        await attacher.add(pod, nad, "net2", again)
    await attacher.delete(again)
    assert cluster.ovn.ports
    await attacher.delete(record.ask)
    assert not cluster.ovn.ports
    assert the_pod(cluster)["metadata"]["annotations"]["k8s.ovn.org/pod-networks"] == "{}"
