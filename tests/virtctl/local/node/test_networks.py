from pathlib import Path

import pytest

from launcher.errors import SpecError
from launcher.hostnet import Uplink
from tests.fakes.scratch import inside_scratch_netns, shell
from virtctl.local.config import LocalConfig
from virtctl.local.layout import DEFAULT_DIRECTORY, InstanceLayout
from virtctl.local.node.networks import free_cidrs, network_of, taken

LAYOUT = InstanceLayout(DEFAULT_DIRECTORY)


def test_names_and_addresses_come_from_the_configuration() -> None:
    config = LocalConfig(nodes=2, node_names=("node1", "node2"), pod_cidr="10.7.0.0/16")
    network = network_of(LAYOUT, config, Uplink(mtu=1400))
    assert [node.netns for node in network.nodes] == ["virtctl-node1", "virtctl-node2"]
    assert network.nodes[1].gateways == ("10.7.2.1", "fd10:244:0:2::1")
    assert (network.mtu, network.directory) == (1400, str(DEFAULT_DIRECTORY))


def test_other_instances_have_other_names(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    assert network_of(layout, LocalConfig()).nodes[0].netns == f"virtctl-node1-{layout.suffix}"


def test_a_network_may_be_left_out() -> None:
    assert network_of(LAYOUT, LocalConfig(pod_cidr6="")).cidrs == ("10.244.0.0/16",)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(SpecError, match="`pods` is not a CIDR"):
        network_of(LAYOUT, LocalConfig(pod_cidr="pods"))
    assert not taken(LAYOUT, LocalConfig(pod_cidr="pods"))


@pytest.mark.host
def test_networks_that_the_host_routes_are_not_free() -> None:
    with inside_scratch_netns("host"):
        assert free_cidrs() == ("10.244.0.0/16", "fd10:244::/48")
        assert not taken(LAYOUT, LocalConfig())
        shell(
            """
            ip link add other type bridge
            ip link set other up
            ip address add 10.244.7.1/24 dev other
            """
        )
        assert free_cidrs() == ("10.245.0.0/16", "fd10:245::/48")
        assert taken(LAYOUT, LocalConfig())
