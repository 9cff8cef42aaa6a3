"""The talk's policy, a bridge over an LACP bond, on a kernel that has both and VLAN filtering.

Where this one has not, the same test runs under user-mode Linux.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from launcher.system import linkkinds, process
from launcher.system.nodeobserve import NodePlace
from tests.fakes import usermode
from tests.fakes.clock import FakeClock
from tests.fakes.instance import until
from tests.fakes.nodeplaces import node
from tests.fakes.scratch import answers, shell
from tests.fakes.service import make_service
from tests.fakes.waiting import until as soon
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.nodenetwork import NodeNetworkController
from virtctl.local.node import nodenetworks
from virtctl.local.node.nodenetworks import LocalNetwork, NodeNetworks
from virtctl.local.runtime import nodepolicies
from virtctl.local.runtime.conditions import find_condition, holds
from virtctl.models.kinds import (
    NODE,
    NODE_NETWORK_ENACTMENT,
    NODE_NETWORK_POLICY,
    NODE_NETWORK_STATE,
)

HOME = Path(__file__).resolve().parents[2]
POLICY = yaml.safe_load((Path(__file__).with_name("policies") / "bond.yaml").read_text())
BONDS = linkkinds.known("bond")

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[NodePlace, str]]:
    """A node with two cards, on a switch that bonds them, with a host behind it."""
    with node(tmp_path, nics=2) as (place, wire):
        shell("ip link set en0 name ens1f0\nip link set en1 name ens1f1", place.netns)
        shell(
            """
            ip link add bond9 type bond mode 802.3ad lacp_rate fast miimon 100
            ip link set p0 down
            ip link set p1 down
            ip link set p0 master bond9
            ip link set p1 master bond9
            ip address add 172.16.1.1/24 dev bond9
            ip link set bond9 up
            ip link add link bond9 name bond9.33 type vlan id 33
            ip address add 172.17.33.1/24 dev bond9.33
            ip link set bond9.33 up
            """,
            wire,
        )
        yield place, wire


async def settle(service: ApiService, name: str = "br0-bond0") -> dict:
    """The policy, once it is done or has failed."""

    def over() -> dict | None:
        policy = service.get(NODE_NETWORK_POLICY, None, name)
        found = service.find(NODE_NETWORK_ENACTMENT, None, f"node1.{name}")
        current = found and found["status"].get("policyGeneration")
        done = current == policy["metadata"]["generation"]
        done = done and nodepolicies.stage_of(found) in nodepolicies.FINAL
        stopped = holds(policy, "Available") or holds(policy, "Degraded")
        return policy if done and stopped else None

    return await soon(over, 60)


def change(service: ApiService, *interfaces: dict) -> None:
    policy = service.get(NODE_NETWORK_POLICY, None, "br0-bond0")
    policy["spec"]["desiredState"] = {"interfaces": list(interfaces)}
    service.update(NODE_NETWORK_POLICY, None, "br0-bond0", policy)


@pytest.mark.skipif(not BONDS, reason="this kernel has no bonds: it is tried under another")
async def test_a_bridge_over_an_lacp_bond(
    place: tuple[NodePlace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodenetworks, "FIRST_PAUSE", 0.01)
    node_place, _ = place
    netns = node_place.netns
    service = make_service()
    labels = {"node-role.kubernetes.io/virt": ""}
    service.create(NODE, None, {"metadata": {"name": "node1", "labels": labels}})
    workers = (
        NodeNetworks(service, "node1", LocalNetwork(node_place), FakeClock()).run(),
        NodeNetworkController().run(service, FakeClock()),
    )
    tasks = [asyncio.create_task(worker) for worker in workers]
    try:
        service.create(NODE_NETWORK_POLICY, None, POLICY)
        policy = await settle(service)
        found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.br0-bond0")
        assert holds(policy, "Available"), found["status"]["conditions"]
        assert "172.16.1.21/24" in shell("ip -4 address show br0", netns)
        assert "stp_state 1" in shell("ip -d link show br0", netns)
        port = found["status"]["desiredState"]["interfaces"][0]["bridge"]["port"][0]
        assert port["vlan"]["trunk-tags"] == [{"id-range": {"min": 2, "max": 4094}}]
        assert "4094" in shell("bridge vlan show dev bond0", netns)
        await asyncio.to_thread(until, lambda: negotiated(netns), "LACP partner", 30)

        # STP lets nothing pass for half a minute: go on with a bridge that never had it.
        change(service, {"name": "br0", "state": "absent"})
        assert holds(await settle(service), "Available")
        bridge = {**POLICY["spec"]["desiredState"]["interfaces"][0]}
        bridge["bridge"] = {"options": {"stp": {"enabled": False}}, "port": [{"name": "bond0"}]}
        change(service, bridge)
        assert holds(await settle(service), "Available")
        await asyncio.to_thread(until, lambda: answers("172.16.1.1", netns), "host on the switch")

        # A port of VLAN 33 leaves tagged, through the bond.
        pair = {"name": "lab0", "type": "veth", "veth": {"peer": "lab1"}}
        address = {"enabled": True, "address": [{"ip": "172.17.33.9", "prefix-length": 24}]}
        change(
            service,
            {**bridge, "bridge": {"port": [
                {"name": "bond0"}, {"name": "lab0", "vlan": {"mode": "access", "tag": 33}},
            ]}},
            pair,
            {"name": "lab1", "type": "veth", "veth": {"peer": "lab0"}, "ipv4": address},
        )  # fmt: skip
        assert holds(await settle(service), "Available")
        await asyncio.to_thread(until, lambda: answers("172.17.33.1", netns), "host in VLAN 33")

        # What the kernel refuses is taken back.
        before = addresses(netns)
        options = {"mode": "802.3ad", "options": {"ad_actor_system": "01:00:00:00:00:01"}}
        change(
            service,
            {"name": "br0", "mtu": 1400, "ipv4": {"enabled": False}},
            {"name": "bond0", "type": "bond", "link-aggregation": options},
        )
        policy = await settle(service)
        assert holds(policy, "Degraded")
        found = service.get(NODE_NETWORK_ENACTMENT, None, "node1.br0-bond0")
        assert "ad_actor_system" in find_condition(found, "Failing")["message"]
        assert addresses(netns) == before
        assert await asyncio.to_thread(answers, "172.16.1.1", netns)

        change(service, *({"name": name, "state": "absent"} for name in ("br0", "bond0", "lab0")))
        assert holds(await settle(service), "Available")
        await soon(lambda: shown(service) == ["ens1f0", "ens1f1", "lo"], 20)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def shown(service: ApiService) -> list[str]:
    state = service.get(NODE_NETWORK_STATE, None, "node1")["status"]["currentState"]
    return [each["name"] for each in state["interfaces"]]


def addresses(netns: str) -> list[list[str]]:
    """Links with their addresses, without the state that the kernel tells in its own time."""
    words = (line.split() for line in shell("ip -4 -br address", netns).splitlines())
    return [[name, *rest] for name, _, *rest in words]


def negotiated(netns: str) -> bool:
    """Whether the bond knows its partner, over both cards."""
    ours = process.run(["cat", "/proc/net/bonding/bond0"], netns=netns).stdout
    partner = [line.split()[-1] for line in ours.splitlines() if "Partner Mac Address" in line]
    return bool(partner) and partner[0] != "00:00:00:00:00:00" and "Number of ports: 2" in ours


@pytest.mark.skipif(BONDS, reason="this kernel has bonds")
@pytest.mark.skipif(bool(usermode.missing()), reason=f"not installed: {usermode.missing()}")
def test_a_bridge_over_an_lacp_bond_on_another_kernel(tmp_path: Path) -> None:
    words = (sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")
    tests = (
        "tests/host/test_bonds.py::test_a_bridge_over_an_lacp_bond",
        "tests/launcher/system/test_nodelinks.py",
        "tests/launcher/system/test_nodeapply.py",
    )
    done = usermode.run([*words, "-m", "host", *tests], tmp_path, HOME, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
