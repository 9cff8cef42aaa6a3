import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.hostnet import HostNetwork
from tests.fakes.scratch import inside_scratch_netns
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import doors, foundation, teardown

PORT = 6443


@pytest.fixture
def network(tmp_path: Path) -> Iterator[HostNetwork]:
    layout, config = InstanceLayout(tmp_path), LocalConfig()
    with inside_scratch_netns("host"):
        try:
            yield foundation.lay(layout, config).network
        finally:
            teardown.undo_host(layout, config)


def test_nodes_are_reached_at_their_own_addresses(tmp_path: Path) -> None:
    network = hostnet.design(["node1", "node2"], directory=tmp_path)
    assert doors.addresses(network) == tuple(node.subnets[0].node.ip for node in network.nodes)


def test_a_node_that_is_not_there_is_no_reason_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = hostnet.design(["node1"], directory=tmp_path)
    assert doors.open_doors(network, PORT) == []
    assert "pods do not reach the API server on node1" in caplog.text


@pytest.mark.host
def test_pods_come_in_by_the_nodes_address(network: HostNetwork) -> None:
    (node,) = network.nodes
    (address,) = doors.addresses(network)
    with contextlib.ExitStack() as opened:
        (door,) = (opened.enter_context(one) for one in doors.open_doors(network, PORT))
        caller = opened.enter_context(
            hostnet.open_socket(node.netns, socket.AF_INET, socket.SOCK_STREAM)
        )
        caller.settimeout(60)
        caller.connect((address, PORT))
        door.settimeout(60)
        accepted, _ = door.accept()
        opened.enter_context(accepted)
        assert accepted.getpeername() == caller.getsockname()
