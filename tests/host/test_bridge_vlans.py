"""VLANs on a bridge of the node, by the real plugin, on a kernel whose bridges can filter them."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, LauncherError
from launcher.net.nodes import HostNetwork, design
from launcher.net.secondary import LinkAsk
from launcher.system import process, secondary
from tests.fakes import usermode
from tests.fakes.scratch import answers, scratch_netns, shell

pytestmark = pytest.mark.host

HOME = Path(__file__).resolve().parents[2]


def filters_vlans() -> bool:
    """Whether bridges of this kernel tell VLANs apart."""
    with scratch_netns("b") as name:
        make = ["ip", "link", "add", "br1", "type", "bridge", "vlan_filtering", "1"]
        return process.run(make, netns=name, check=False).returncode == 0


@dataclass(frozen=True)
class Wire:
    """A node with a port of br1 to a namespace that plays the physical network."""

    network: HostNetwork
    node: str
    wire: str
    pod: str


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Wire]:
    if not filters_vlans():
        pytest.skip("bridges of this kernel do not filter VLANs")
    with ExitStack() as stack:
        node, wire, pod = (stack.enter_context(scratch_netns(name)) for name in ("n", "w", "p"))
        network = design(["node1"], directory=str(tmp_path))
        mine = msgspec.structs.replace(network.nodes[0], netns=node)
        shell(
            f"""
            ip link add br1 type bridge vlan_filtering 1
            ip link set br1 up
            ip link add eth1 type veth peer name eth0 netns {wire}
            ip link set eth1 master br1 up
            bridge vlan add dev eth1 vid 2-4094
            """,
            node,
        )
        shell(
            """
            ip link set eth0 up
            ip address add 172.17.33.1/24 dev eth0
            ip link add link eth0 name eth0.33 type vlan id 33
            ip link set eth0.33 up
            ip address add 172.17.34.1/24 dev eth0.33
            """,
            wire,
        )
        yield Wire(msgspec.structs.replace(network, nodes=(mine,)), node, wire, pod)


def attach(place: Wire, vlan: int) -> LinkAsk:
    ipam = {
        "type": "static",
        "addresses": [{"address": "172.17.33.250/24"}, {"address": "172.17.34.250/24"}],
    }
    plugin = {"type": "bridge", "bridge": "br1", "vlan": vlan, "ipam": ipam}
    conflist = {"cniVersion": "0.4.0", "name": "virt-bridge", "plugins": [plugin]}
    ask = LinkAsk(netns=place.pod, ifname="net1", network="default/b", conflist=conflist)
    secondary.add(place.network, "node1", ask)
    return ask


def test_frames_of_a_vlan_are_tagged_on_the_wire(place: Wire) -> None:
    attach(place, 33)
    assert answers("172.17.34.250", place.wire)  # by the VLAN's own link
    assert not answers("172.17.33.250", place.wire)  # without a tag


def test_without_a_vlan_there_is_no_tag(place: Wire) -> None:
    attach(place, 0)
    assert answers("172.17.33.250", place.wire)
    assert not answers("172.17.34.250", place.wire)


def test_a_bridge_that_does_not_filter_gets_no_vlan(place: Wire) -> None:
    shell("ip link set br1 type bridge vlan_filtering 0", place.node)
    with pytest.raises(HostError, match="does not filter VLANs"):
        attach(place, 33)
    assert "net1" not in shell("ip -br link", place.pod)
    assert len(shell("ip -br link show master br1", place.node).splitlines()) == 1


@pytest.mark.parametrize(
    "plugin",
    [
        {"type": "vlan", "master": "eth1", "vlanId": 33},
        {"type": "ipvlan", "master": "eth1", "mode": "l2"},
    ],
)
def test_links_of_a_device_of_the_node(place: Wire, plugin: dict) -> None:
    shell("ip link set eth1 nomaster", place.node)
    number = 4 if plugin["type"] == "vlan" else 3
    address = f"172.17.3{number}.250"
    ipam = {"type": "static", "addresses": [{"address": f"{address}/24"}]}
    conflist = {"cniVersion": "0.4.0", "name": "n", "plugins": [{**plugin, "ipam": ipam}]}
    ask = LinkAsk(netns=place.pod, ifname="net1", network="default/n", conflist=conflist)
    secondary.add(place.network, "node1", ask)
    assert answers(address, place.wire)
    secondary.delete(place.network, "node1", ask)
    assert "net1" not in shell("ip -br link", place.pod)


@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(usermode.missing()), reason=f"not installed: {usermode.missing()}")
def test_the_same_on_a_kernel_that_can(tmp_path: Path) -> None:
    if filters_vlans():
        pytest.skip("the other tests have done so: this kernel's bridges filter VLANs")
    words = ["-q", "--color=no", "-p", "no:cacheprovider", "-m", "host", "-k", "not same"]
    argv = [sys.executable, "-m", "pytest", *words, "tests/host/test_bridge_vlans.py"]
    try:
        done = usermode.run(argv, tmp_path, HOME, timeout=800)
    except LauncherError as error:
        pytest.fail(str(error))
    assert "5 passed" in done.stdout, done.stdout + done.stderr
