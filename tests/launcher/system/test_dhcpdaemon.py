"""The daemon of the DHCP plugin, with a real server for its client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.net.nodes import HostNetwork, design
from launcher.net.secondary import LinkAsk
from launcher.system import attachment, dhcpdaemon, nodenet, process, secondary
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host


@pytest.fixture
def network(tmp_path: Path) -> Iterator[HostNetwork]:
    with inside_scratch_netns("host") as host:
        network = design(["node1"], directory=str(tmp_path), suffix=host[-4:])
        nodenet.up(network)
        try:
            yield network
        finally:
            nodenet.down(network)


@pytest.fixture
def server(network: HostNetwork, tmp_path: Path) -> Iterator[None]:
    """dnsmasq on the node's br1."""
    node = network.nodes[0].netns
    shell("ip link add br1 type bridge\nip link set br1 up", node)
    shell("ip address add 172.17.33.1/24 dev br1", node)
    served = process.spawn(
        [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-ping",
            "--interface=br1", "--dhcp-range=172.17.33.100,172.17.33.150,1h", "--user=root",
            f"--dhcp-leasefile={tmp_path}/leases", "--pid-file=", "--bind-interfaces",
        ],
        netns=node,
    )  # fmt: skip
    try:
        yield
    finally:
        served.kill()
        served.wait(60)


def test_a_lease_is_kept_by_a_daemon_of_the_nodes_own(network: HostNetwork, server: None) -> None:
    name = f"vtpod-{network.suffix}-a"
    attachment.attach(network, "node1", name)
    plugin = {"type": "bridge", "bridge": "br1", "ipam": {"type": "dhcp"}}
    conflist = {"cniVersion": "0.4.0", "name": "lan", "plugins": [plugin]}
    ask = LinkAsk(netns=name, ifname="net1", network="default/lan", conflist=conflist)
    secondary.note(network, "node1", ask)
    made = secondary.add(network, "node1", ask)
    secondary.keep(network, "node1", ask, made)
    (given,) = made.result["ips"]
    assert given["address"].startswith("172.17.33.1")
    home = Path(network.directory, "nodes/node1/cni")
    pid = int((home / "dhcp.pid").read_text().split()[0])
    dhcpdaemon.ensure(network.nodes[0], home)
    assert int((home / "dhcp.pid").read_text().split()[0]) == pid
    nodenet.down(network)
    assert process.start_time(pid) is None
