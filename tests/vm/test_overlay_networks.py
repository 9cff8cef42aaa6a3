"""The talk's networks of OVN: two guests on two nodes, a layer2 network, and VLANs by localnet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.fabric import Fabric
from tests.fakes.instance import Instance, traces, until
from tests.fakes.overlaid import NEEDS_OVN, reaches, sniffed
from tests.fakes.scratch import answers
from virtctl.local.layout import InstanceLayout

pytestmark = [
    pytest.mark.vm,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(bool(NEEDS_OVN), reason=NEEDS_OVN),
]

POLICIES = """
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: mapping}
spec:
  desiredState:
    ovn:
      bridge-mappings:
        - {localnet: localnet1, bridge: br-ex, state: present}
---
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: ovs-br1-multiple-networks}
spec:
  maxUnavailable: 100%
  desiredState:
    interfaces:
      - name: ovs-br1
        type: ovs-bridge
        state: up
        bridge:
          allow-extra-patch-ports: true
          options: {stp: true}
          port: [{name: enp2s0}]
    ovn:
      bridge-mappings:
        - {localnet: localnet2, bridge: ovs-br1, state: present}
"""
NETWORK = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: NAME}
spec:
  config: '{"cniVersion":"0.3.1","type":"ovn-k8s-cni-overlay","netAttachDefName":"default/NAME",
            CONFIG}'
"""
NETWORKS = {
    "nad-layer2": '"name":"l2-network","topology":"layer2"',
    "nad-localnet1": '"name":"localnet1","topology":"localnet","vlanID":34',
    "nad-localnet2": '"name":"localnet2","topology":"localnet","vlanID":33',
}

POLICY = """
apiVersion: k8s.cni.cncf.io/v1beta1
kind: MultiNetworkPolicy
metadata:
  name: nothing-comes
  annotations: {k8s.v1.cni.cncf.io/policy-for: nad-localnet1}
spec: {podSelector: {}}
"""


@pytest.fixture
def instance(tmp_path: Path, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up("--nodes", "2", "--fabric", "enp2s0")
        yield made
    finally:
        made.down()
    assert traces(made) == []
    assert not any(is_of(line, made.directory) for line in Path("/proc").glob("[0-9]*/cmdline"))


def is_of(cmdline: Path, directory: Path) -> bool:
    """Whether a process works in a directory."""
    try:
        return f"{directory}/".encode() in cmdline.read_bytes()
    except OSError:
        return False


def machine(instance: Instance, number: int) -> str:
    """A machine on node ``number``, on the layer2 network and one localnet."""
    name = f"blue{number}"
    interfaces = "- name: default\n              masquerade: {}\n"
    networks = "          pod: {}\n"
    for network in ("nad-layer2", f"nad-localnet{number}"):
        interfaces += f"            - {{name: {network}, bridge: {{}}}}\n"
        networks += f"        - {{name: {network}, multus: {{networkName: {network}}}}}\n"
    text = instance.machine(name).replace(
        "- name: default\n              masquerade: {}\n", interfaces
    )
    text = text.replace("          pod: {}\n", networks)
    text = text.replace(
        "      domain:\n",
        f"      nodeSelector: {{kubernetes.io/hostname: node{number}}}\n      domain:\n",
        1,
    )
    tag = 35 - number
    return text.replace(
        "          cloudInitNoCloud:\n",
        "          cloudInitNoCloud:\n            networkData: |\n              version: 2\n"
        "              ethernets:\n"
        f"                eth1: {{addresses: [10.100.200.{number}/24]}}\n"
        f"                eth2: {{addresses: [172.17.{tag}.{number}/24]}}\n",
    )


def logged_in(instance: Instance, name: str) -> bool:
    """Whether a guest lets us in: it answers pings before."""
    return "in" in instance.ssh(name, "echo in", code=None)


def test_guests_on_networks_of_ovn(instance: Instance, tmp_path: Path) -> None:
    instance.apply(POLICIES)
    for name, config in NETWORKS.items():
        instance.apply(NETWORK.replace("NAME", name).replace("CONFIG", config))
    for number in (1, 2):
        instance.apply(machine(instance, number))
    fabric = Fabric(instance.directory)
    suffix = InstanceLayout(instance.directory).suffix
    with (
        fabric.host("172.17.34.250/24", 34) as in_34,
        fabric.host("172.17.33.250/24", 33) as in_33,
    ):
        until(lambda: answers("172.17.34.1", in_34), "the first guest in VLAN 34", 240)
        until(lambda: answers("172.17.33.2", in_33), "the second guest in VLAN 33", 240)
        for name in ("blue1", "blue2"):
            until(lambda name=name: logged_in(instance, name), "a login")
        with (
            sniffed(suffix, "n1-enp1s0", tmp_path) as on_one,
            sniffed(suffix, "n2-enp2s0", tmp_path) as on_two,
        ):
            instance.ssh("blue1", "ping -c 3 -W 60 10.100.200.2")
            assert on_one("Geneve|10.100.200.1 > 10.100.200.2|169.254.78.1.")
            assert reaches("172.17.34.1", in_34)
            assert reaches("172.17.33.2", in_33)
            assert on_one("vlan 34|172.17.34.1 > 172.17.34.250")
            assert on_two("vlan 33|172.17.33.2 > 172.17.33.250")
        assert not answers("172.17.34.1", in_33)
        assert not answers("172.17.33.2", in_34)

        instance.apply(POLICY)
        until(lambda: not answers("172.17.34.1", in_34), "the policy's effect")
        instance.ssh("blue1", "ping -c 1 -W 60 172.17.34.250")  # and the answer comes back
        instance.run("delete", "multi-networkpolicies", "nothing-comes")
        until(lambda: answers("172.17.34.1", in_34), "the policy's end")

        # The daemon dies: guests go on, and the next one finds everything.
        instance.kill()
        instance.up()
        assert reaches("172.17.34.1", in_34)
        instance.ssh("blue2", "ping -c 3 -W 60 10.100.200.1")
    instance.run("delete", "vm", "blue1", "blue2")
