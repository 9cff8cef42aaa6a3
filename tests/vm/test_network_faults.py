"""Faults of networks, made for real, and what ``net check`` and ``net policy why`` say of them.

Machines have nothing to boot and idle in their firmware. The whole list is in
``tests/faults/test_networks.py``.
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import pluginwords
from tests.fakes.instance import Instance, processes, traces, until
from tests.fakes.overlaid import NEEDS_OVN

pytestmark = [
    pytest.mark.vm,
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(bool(NEEDS_OVN), reason=NEEDS_OVN),
]

FULL = {"type": "host-local", "subnet": "192.0.2.0/29", "rangeEnd": "192.0.2.2"}
SAME = {"type": "static", "addresses": [{"address": "192.0.2.77/24"}]}
LAYER2 = {"type": "ovn-k8s-cni-overlay", "topology": "layer2", "netAttachDefName": "default/layer2"}
NETWORKS = {
    "unknown": {"type": "nosuch"},
    "full": {"type": "bridge", "bridge": "br1", "ipam": FULL},
    "same": {"type": "bridge", "bridge": "br1", "ipam": SAME},
    "vlan": {"type": "bridge", "bridge": "br1", "vlan": 33},
    "made": {"type": "bridge", "bridge": "br9"},
    "layer2": LAYER2,
    "small": LAYER2 | {"netAttachDefName": "default/small", "subnets": "10.99.0.0/30"},
}
CUT = """
apiVersion: nmstate.io/v1
kind: NodeNetworkConfigurationPolicy
metadata: {name: cut}
spec:
  nodeSelector: {kubernetes.io/hostname: node1}
  desiredState:
    interfaces: [{name: eth0, type: ethernet, state: down}]
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    try:
        made.up("--nodes", "2")
        yield made
    finally:
        made.down()
    assert traces(made) == []
    assert processes(made.directory) == []


def network(name: str, plugin: dict) -> dict:
    config = {"cniVersion": "0.4.0", "name": f"{name}-net", **plugin}
    return {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": {"name": name},
        "spec": {"config": json.dumps(config)},
    }


def machine(name: str, on: str, node: str = "node1") -> dict:
    interface = {"name": on, "bridge": {}}
    devices = {"autoattachGraphicsDevice": False, "interfaces": [interface]}
    spec = {
        "terminationGracePeriodSeconds": 0,
        "nodeSelector": {"kubernetes.io/hostname": node},
        "networks": [{"name": on, "multus": {"networkName": on}}],
        "domain": {"memory": {"guest": "32Mi"}, "devices": devices},
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {"runStrategy": "Always", "template": {"spec": spec}},
    }


def says(instance: Instance, words: str, *command: str) -> None:
    """Wait until a command names a cause."""
    heard = ""

    def named() -> bool:
        nonlocal heard
        done = instance.run(*command, code=None)
        heard = done.stdout + done.stderr
        return words in heard

    try:
        until(named, words)
    except AssertionError as error:
        raise AssertionError(f"{error}; it said:\n{heard}") from error


def test_causes_are_named(instance: Instance) -> None:
    for name, plugin in NETWORKS.items():
        instance.apply(json.dumps(network(name, plugin)))
    for name, on in (
        ("unknown", "unknown"), ("full1", "full"), ("full2", "full"), ("same1", "same"),
        ("same2", "same"), ("vlan", "vlan"), ("made", "made"), ("nowhere", "gone"),
        ("small1", "small"),
        ("small2", "small"), ("small3", "small"), ("second", "layer2"),
    ):  # fmt: skip
        node = "node2" if name == "second" else "node1"
        instance.apply(json.dumps(machine(name, on, node)))
    says(instance, pluginwords.NO_PLUGIN, "net", "check", "unknown")
    says(instance, "there is no definition default/gone", "net", "check", "nowhere")
    refused = f"{pluginwords.NO_VLANS}|{pluginwords.NO_FILTER}".split("|")
    until(
        lambda: any(
            one in instance.run("net", "check", "vlan", code=None).stdout for one in refused
        ),
        "the VLAN's refusal",
    )
    for words, machines in (
        (pluginwords.NO_ADDRESSES, ("full1", "full2")),
        ("192.0.2.77 is also that of the pod default/virt-launcher-same", ("same1", "same2")),
        (pluginwords.OVERLAY_FULL, ("small1", "small2", "small3")),
    ):
        until(
            lambda words=words, machines=machines: any(
                words in instance.run("net", "check", one, code=None).stdout for one in machines
            ),
            words,
        )
    says(instance, "had no bridge br9: the plugin made one", "net", "check", "made")
    killed(instance)
    cut(instance)
    without_a_node(instance)


def killed(instance: Instance) -> None:
    """A program of OVN."""
    until(lambda: instance.get("vmi", "second")["status"].get("phase") == "Running", "a start")
    place = instance.directory / "ovn/processes.json"
    pid = json.loads(place.read_text())["ovn-northd"]["pid"]
    os.kill(pid, signal.SIGKILL)
    said = "ovn-northd of OVN had ended and was started again"
    says(instance, said, "get", "events", "-o", "json")
    says(instance, "programs of OVN run", "net", "check", "second")


def cut(instance: Instance) -> None:
    """A policy that takes a node's uplink away."""
    assert instance.run("net", "policy", "apply", "-f", "-", stdin=CUT, code=None).returncode
    says(instance, "default gateway", "net", "policy", "why", "cut")
    instance.run("delete", "nncp", "cut")


def without_a_node(instance: Instance) -> None:
    instance.run("local", "down", "--grace", "1s")
    instance.up("--nodes", "1")
    says(instance, "didn't match Pod's node affinity/selector", "net", "check", "second")
