"""The foundation is laid in a namespace that plays the host."""

from pathlib import Path

import pytest

from tests.fakes.scratch import inside_scratch_netns, shell
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import foundation, teardown

pytestmark = pytest.mark.host


def test_networks_and_facts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    layout, config = InstanceLayout(tmp_path), LocalConfig(nodes=2, node_names=("node1", "node2"))
    with inside_scratch_netns("host"):
        try:
            made = foundation.lay(layout, config)
            assert [node.name for node in made.network.nodes] == ["node1", "node2"]
            assert made.facts.cpus > 0
            assert made.kernel
            assert made.system
            assert ("KVM is not usable" in caplog.text) == (not made.facts.kvm_usable)
            assert foundation.lay(layout, config).network == made.network
        finally:
            teardown.undo_host(layout, config)


def test_a_network_that_is_taken(tmp_path: Path) -> None:
    layout, config = InstanceLayout(tmp_path), LocalConfig()
    with inside_scratch_netns("host"):
        shell(
            """
            ip link add other type bridge
            ip link set other up
            ip address add 10.244.7.1/24 dev other
            """
        )
        with pytest.raises(LocalError, match=r"10\.244\.0\.0/16 meets 10\.244\.7\.0/24") as refused:
            foundation.lay(layout, config)
        assert refused.value.hint
        assert teardown.leftovers(layout, config) == ()
