"""Pods on a node's network, by the real CNI plugins; the host is a namespace of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.net.nodes import HostNetwork, design
from launcher.system import attachment, namespaces, nodenet
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


def pod(network: HostNetwork, name: str) -> str:
    return f"vtpod-{network.suffix}-{name}"


def veths(network: HostNetwork) -> str:
    return shell("ip -br link show master cni0", network.nodes[0].netns)


def test_a_pod_gets_addresses_routes_and_the_nodes_mtu(network: HostNetwork) -> None:
    name = pod(network, "a")
    found = attachment.attach(network, "node1", name)
    assert found.netns == name
    assert (found.ifname, found.mtu) == ("eth0", 1500)
    assert found.addresses == ("10.244.1.2/24", "fd10:244:0:1::2/64")
    assert found.ips == ("10.244.1.2", "fd10:244:0:1::2")
    assert (found.gateway, found.gateway6) == ("10.244.1.1", "fd10:244:0:1::1")
    assert f"link/ether {found.mac}" in shell("ip link show eth0", name)
    assert "tentative" not in shell("ip -6 address show eth0", name)
    routes = shell("ip route", name)
    assert "default via 10.244.1.1 dev eth0" in routes
    assert "10.244.0.0/16 via 10.244.1.1 dev eth0" in routes
    routes6 = shell("ip -6 route", name)
    assert "default via fd10:244:0:1::1 dev eth0" in routes6
    assert "fd10:244::/48 via fd10:244:0:1::1 dev eth0" in routes6
    assert "lo UNKNOWN" in " ".join(shell("ip -br link", name).split())


def test_attaching_again_gives_the_same(network: HostNetwork) -> None:
    name = pod(network, "a")
    found = attachment.attach(network, "node1", name)
    assert attachment.attach(network, "node1", name) == found
    assert attachment.find(network, "node1", name) == found
    assert attachment.attached(network, "node1") == (name,)
    attachment.check(network, "node1", name)


def test_detaching_leaves_nothing_of_the_pod(network: HostNetwork, tmp_path: Path) -> None:
    name = pod(network, "a")
    attachment.attach(network, "node1", name)
    for _ in range(2):
        attachment.detach(network, "node1", name)
    assert not namespaces.exists(name)
    assert veths(network) == ""
    assert attachment.attached(network, "node1") == ()
    assert attachment.find(network, "node1", name) is None
    kept = [path.name for path in (tmp_path / "nodes/node1/cni/addresses/pod").iterdir()]
    assert not [ip for ip in kept if ip.startswith("10.244.")]
    with pytest.raises(HostError, match="is not attached"):
        attachment.check(network, "node1", name)


def test_a_pod_that_was_changed_fails_its_check(network: HostNetwork) -> None:
    name = pod(network, "a")
    attachment.attach(network, "node1", name)
    shell("ip address flush dev eth0", name)
    with pytest.raises(HostError, match="CNI plugin `bridge` failed at CHECK"):
        attachment.check(network, "node1", name)


def test_a_plugin_that_refuses_leaves_nothing(network: HostNetwork) -> None:
    node = network.nodes[0].netns
    shell("ip link delete cni0\nip link add cni0 type veth peer name x", node)
    name = pod(network, "a")
    with pytest.raises(HostError, match=r'CNI plugin `bridge` failed at ADD: .*"cni0" already exi'):
        attachment.attach(network, "node1", name)
    assert not namespaces.exists(name)
    assert attachment.attached(network, "node1") == ()
    assert "veth" not in shell("ip -br link", node)


def test_a_try_that_did_not_end_is_removed_first(network: HostNetwork, tmp_path: Path) -> None:
    name = pod(network, "a")
    attachment.attach(network, "node1", name)
    (tmp_path / "nodes/node1/pods" / name).write_bytes(b"")  # as if killed before the end
    found = attachment.attach(network, "node1", name)
    assert found.addresses[0] == "10.244.1.3/24"
    assert len(veths(network).splitlines()) == 1


def test_a_namespace_of_somebody_else_is_not_taken(network: HostNetwork) -> None:
    name = pod(network, "a")
    namespaces.create(name)
    try:
        with pytest.raises(HostError, match=f"`{name}` exists already"):
            attachment.attach(network, "node1", name)
        assert namespaces.exists(name)
        assert attachment.attached(network, "node1") == ()
    finally:
        namespaces.remove(name)


def test_a_node_that_is_not_up_attaches_nothing(network: HostNetwork) -> None:
    nodenet.down(network)
    with pytest.raises(HostError, match="the network of the node `node1` is not up"):
        attachment.attach(network, "node1", pod(network, "a"))
