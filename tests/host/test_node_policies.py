"""Policies for the networks of a real instance's nodes, on a physical network of its own."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.system import namespaces
from tests.fakes.fabric import Fabric
from tests.fakes.instance import Instance, traces, until
from tests.fakes.nodeplaces import NEEDS_OVS
from tests.fakes.scratch import answers, shell
from virtctl.local.layout import InstanceLayout

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(NEEDS_OVS), reason=NEEDS_OVS),
]

SWITCH = """
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: ovs-br1}
spec:
  maxUnavailable: 100%
  desiredState:
    interfaces:
      - name: ovs-br1
        description: a bridge of its own
        type: ovs-bridge
        state: up
        bridge:
          allow-extra-patch-ports: true
          options: {stp: false}
          port:
            - name: uplink
              link-aggregation: {mode: lacp, port: [{name: ens1f0}, {name: ens1f1}]}
            - name: lab
              vlan: {mode: access, tag: 33}
      - name: lab
        type: ovs-interface
        state: up
        ipv4: {enabled: true, address: [{ip: 172.17.33.9, prefix-length: 24}]}
    ovn:
      bridge-mappings: [{localnet: localnet2, bridge: ovs-br1, state: present}]
"""
BRIDGE = """
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: br1}
spec:
  capture: {nic: 'interfaces.name=="enp2s0"'}
  desiredState:
    interfaces:
      - name: br1
        type: linux-bridge
        state: up
        ipv4: {enabled: true, address: [{ip: 172.16.1.21, prefix-length: 24}]}
        bridge: {port: [{name: "{{ capture.nic.interfaces.0.name }}"}]}
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "inst")
    try:
        made.up("--fabric", "enp2s0,ens1f0,ens1f1")
        yield made
    finally:
        made.down()
    assert traces(made) == []


def conditions(instance: Instance, kind: str, name: str) -> dict[str, str]:
    status = instance.get(kind, name).get("status", {})
    return {each["type"]: each.get("message", "") for each in status.get("conditions", ())
            if each["status"] == "True"}  # fmt: skip


def test_policies_of_an_instance(instance: Instance) -> None:
    netns = f"virtctl-node1-{InstanceLayout(instance.directory).suffix}"
    assert namespaces.exists(netns)
    fabric = Fabric(instance.directory)
    fabric.bond("bond-n1", "n1-ens1f0", "n1-ens1f1")
    with fabric.host("172.17.33.1/24", tag=33), fabric.host("172.16.1.1/24"):
        instance.apply(SWITCH + "---" + BRIDGE)
        for name in ("ovs-br1", "br1"):
            until(
                lambda name=name: "Available" in conditions(instance, "nncp", name),
                f"policy {name}",
            )
        until(lambda: answers("172.17.33.1", netns), "host in VLAN 33, over LACP")
        until(lambda: answers("172.16.1.1", netns), "host on the card's own network")
        assert "negotiated" in fabric.appctl("bond/show", "bond-n1")
        until(lambda: "ovs-br1" in shown(instance), "node's state")
        state = instance.get("nns", "node1")["status"]["currentState"]
        assert state["ovn"] == {"bridge-mappings": [{"localnet": "localnet2", "bridge": "ovs-br1"}]}

        # The daemon and the switch die; both come back and so does everything else.
        os.kill(switch_of(instance), signal.SIGKILL)
        instance.kill()
        instance.up()
        until(lambda: answers("172.17.33.1", netns), "host in VLAN 33 again")
        until(lambda: "Available" in conditions(instance, "nncp", "ovs-br1"), "the policy's word")

        # The switch alone dies: it comes back, and what the policy has put on it.
        before = switch_of(instance)
        os.kill(before, signal.SIGKILL)
        until(lambda: switch_of(instance) not in {0, before}, "another switch")
        until(lambda: answers("172.17.33.1", netns), "host in VLAN 33 once more")

        instance.apply(BRIDGE.replace("172.16.1.21", "172.16.1.300"))
        until(lambda: "Degraded" in conditions(instance, "nncp", "br1"), "refusal")
        said = conditions(instance, "nnce", "node1.br1")["Failing"]
        assert said == "interfaces[br1].ipv4.address: `172.16.1.300/24` is no address"
        assert "172.16.1.21/24" in shell("ip -4 address show br1", netns)
        instance.run("delete", "nncp", "br1")
        until(lambda: instance.run("get", "nnce", "node1.br1", code=None).returncode, "end")
        assert "172.16.1.21/24" in shell("ip -4 address show br1", netns)  # as nmstate has it


def switch_of(instance: Instance) -> int:
    """The process of the node's switch; 0 while there is none."""
    file = instance.directory / "nodes/node1/ovs/switch.json"
    record = json.loads(file.read_text()) if file.exists() else {}
    return record.get("processes", {}).get("ovs-vswitchd", {}).get("pid", 0)


def shown(instance: Instance) -> list[str]:
    state = instance.get("nns", "node1")["status"]["currentState"]
    return [each["name"] for each in state["interfaces"]]
