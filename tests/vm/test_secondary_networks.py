"""The talk's second machine: a NIC on the node's br1, with the address that cloud-init gives it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, traces, until
from tests.fakes.scratch import answers, shell

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

GUEST = "172.17.33.250"
NETWORK = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: virt-bridge
  annotations:
    k8s.v1.cni.cncf.io/resourceName: bridge.network.kubevirt.io/br1
spec:
  config: '{"cniVersion":"0.3.1","name":"virt-bridge","type":"cnv-bridge","bridge":"br1",
            "macspoofchk":true,"mtu":1400}'
"""
POLICY = """
apiVersion: k8s.cni.cncf.io/v1beta1
kind: MultiNetworkPolicy
metadata:
  name: nothing-comes
  annotations: {k8s.v1.cni.cncf.io/policy-for: virt-bridge}
spec: {podSelector: {}}
"""


@pytest.fixture
def instance(tmp_path: Path, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        yield made
    finally:
        made.down()
    assert traces(made) == []


def node_of(instance: Instance) -> str:
    record = json.loads((instance.directory / "host.json").read_text())
    return record["network"]["nodes"][0]["netns"]


def machine(instance: Instance, *, second: str | None = None) -> str:
    """The talk's second machine; with a state for a NIC more, one that comes or goes."""
    first = "- name: default\n              masquerade: {}\n"
    interfaces = "            - {name: nic-add1, bridge: {}}\n"
    networks = "        - {name: nic-add1, multus: {networkName: virt-bridge}}\n"
    if second is not None:
        interfaces += f"            - {{name: nic-add2, bridge: {{}}, state: {second}}}\n"
        networks += networks.replace("nic-add1", "nic-add2")
    text = instance.machine("fedora-lan").replace(first, first + interfaces)
    text = text.replace("          pod: {}\n", "          pod: {}\n" + networks)
    return text.replace(
        "          cloudInitNoCloud:\n",
        "          cloudInitNoCloud:\n            networkData: |\n              version: 2\n"
        f"              ethernets: {{eth1: {{addresses: [{GUEST}/24]}}}}\n",
    )


def plug_in_neighbour(node: str) -> None:
    """A host on br1, played by a namespace of the node's own: its other end of a veth."""
    shell(
        f"""
        ip netns add {node}-lan
        ip -n {node} link add br1 type bridge
        ip -n {node} link set br1 up
        ip -n {node} link add lan0 type veth peer name eth0 netns {node}-lan
        ip -n {node} link set lan0 master br1 up
        ip -n {node}-lan address add 172.17.33.9/24 dev eth0
        ip -n {node}-lan link set eth0 up
        """
    )


def test_a_guest_on_a_bridge_of_the_node(instance: Instance) -> None:
    node = node_of(instance)
    lan = f"{node}-lan"
    instance.apply(NETWORK)
    instance.apply(machine(instance))
    waiting = "Insufficient bridge.network.kubevirt.io/br1"
    until(lambda: waiting in instance.run("get", "events").stdout, "the cause of waiting")
    try:
        plug_in_neighbour(node)
        until(lambda: answers(GUEST, lan), "the guest's answer on br1")
        nics = instance.get("vmi", "fedora-lan")["status"]["interfaces"]
        mac = nics[1]["mac"]
        assert mac in shell(f"ip neighbour show {GUEST}", lan)
        (pod,) = json.loads(instance.run("get", "pods", "-o", "json").stdout)["items"]
        name = pod["metadata"]["name"]
        assert_links(shell("ip -o link", name), mac)
        told = json.loads(pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/network-status"])
        assert (told[1]["interface"], told[1]["mac"], told[1]["mtu"]) == (
            "podb6e7df19490", mac, 1400,
        )  # fmt: skip
        shown = until(lambda: instance.ssh("fedora-lan", "ip link show eth1", code=None), "a login")
        assert "mtu 1400" in str(shown)
        explained(instance, node)
        guarded(instance, lan)
        comes_and_goes(instance, node)
        outlives_the_daemon(instance, node, lan)
        instance.run("delete", "vm", "fedora-lan")
        until(lambda: len(ports(node)) == 1, "the end of the pod's link")
    finally:
        shell(f"ip netns delete {lan}")


def explained(instance: Instance, node: str) -> None:
    """The commands about networks: the way, what a fault of it is called, and what passes."""
    data = json.loads(instance.run("net", "explain", "fedora-lan", "-o", "json").stdout)
    hops = [one["name"] for one in data["interfaces"][1]["hops"]]
    assert hops[1:4] == ["tapb6e7df19490", "k6t-b6e7df19490", "b6e7df19490-nic"]
    assert hops[5:] == ["br1", "lan0"]
    # The guest's agent or DHCP may be late with an address, and that is no fault of the way.
    until(lambda: checked(instance)["ok"], "a way on which nothing fails")
    wanted = {
        "definition", "arp", "nd", "dhcp", "link", "mtu", "nat", "gateway", "target", "dns", "size",
        "target size",
    }  # fmt: skip

    def well() -> set[str]:
        found = checked(instance, "172.17.33.9")["findings"]
        return {one["check"] for one in found if one["state"] == "ok"}

    until(lambda: well() >= wanted, "all that is well")
    shell("ip link set br1 mtu 1300", node)
    failure = checked(instance)["firstFailure"]
    assert (failure["hop"], failure["check"]) == ("node br1", "mtu")
    shell("ip link set br1 mtu 1400", node)
    file = instance.directory.parent / "lan.pcap"
    capture = instance.popen("net", "capture", "fedora-lan", "--hop", "node/br1", "-c", "1",
                             "-w", str(file))  # fmt: skip
    until(lambda: answers(GUEST, f"{node}-lan") and capture.poll() is not None, "a frame")
    capture.communicate()
    assert file.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"


def checked(instance: Instance, *words: str) -> dict:
    done = instance.run("net", "check", "fedora-lan", *words, "-o", "json", code=None)
    return json.loads(done.stdout)


def assert_links(links: str, mac: str) -> None:
    bridge, moved, kept = (
        next(line for line in links.splitlines() if f": {name}" in line)
        for name in ("k6t-b6e7df19490", "b6e7df19490-nic", "podb6e7df19490")
    )
    own = bridge.split("link/ether ")[1].split()[0]
    assert f"link/ether {own}" in moved
    assert "master k6t-b6e7df19490" in moved
    assert f"link/ether {mac}" in kept
    assert "NOARP" in kept
    assert "state DOWN" in kept
    tap = next(line for line in links.splitlines() if ": tapb6e7df19490" in line)
    assert "master k6t-b6e7df19490" in tap
    assert "mtu 1400" in tap


def guarded(instance: Instance, lan: str) -> None:
    instance.apply(POLICY)
    until(lambda: not answers(GUEST, lan), "the policy's effect")
    instance.ssh("fedora-lan", "ping -c 1 -W 60 172.17.33.9")  # and the answer comes back
    instance.run("delete", "multi-networkpolicies", "nothing-comes")
    until(lambda: answers(GUEST, lan), "the policy's end")


def comes_and_goes(instance: Instance, node: str) -> None:
    """A second NIC of the running guest, and its end."""

    def sources() -> list[str]:
        nics = instance.get("vmi", "fedora-lan")["status"]["interfaces"]
        return [one["infoSource"] for one in nics if one.get("name") == "nic-add2"]

    before = ports(node)
    instance.apply(machine(instance, second="up"))
    until(lambda: any("domain" in one and "multus-status" in one for one in sources()), "the NIC")
    assert len(ports(node)) == len(before) + 1
    until(lambda: "eth2" in instance.ssh("fedora-lan", "ip link", code=None), "the guest's eth2")
    instance.apply(machine(instance, second="absent"))
    until(lambda: not sources(), "the NIC's end")
    until(lambda: ports(node) == before, "the end of its link")


def outlives_the_daemon(instance: Instance, node: str, lan: str) -> None:
    before = ports(node)
    instance.kill()
    instance.up()
    until(lambda: answers(GUEST, lan), "the guest's answer")
    assert ports(node) == before


def ports(node: str) -> list[str]:
    return shell("ip -br link show master br1", node).splitlines()
