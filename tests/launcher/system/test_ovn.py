"""See ``test_overlays`` for OVN that really runs."""

from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.net.nodes import HostNetwork, design
from launcher.system import ovn


@pytest.fixture
def network(tmp_path: Path) -> HostNetwork:
    return design(["node1", "node2"], directory=str(tmp_path), suffix="zz")


def test_what_is_missing_is_named(network: HostNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ovn, "PACKAGES", {"no-such-northd": "ovn-central"})
    monkeypatch.setattr(ovn.ovs, "missing", lambda: "openvswitch-switch")
    with pytest.raises(HostError, match=r"packages openvswitch-switch, ovn-central are missing"):
        ovn.ensure(network)
    assert not ovn.is_there(network)


def test_without_ovn_there_is_nothing_to_revive_or_end(network: HostNetwork) -> None:
    assert ovn.revive(network) is None
    assert ovn.processes(network) == {}
    assert ovn.programs(network, network.nodes[0]) == {}
    ovn.end_node(network, network.nodes[0])
    ovn.end(network)


def test_nodes_have_addresses_for_tunnels(network: HostNetwork) -> None:
    assert [str(ovn.tunnel_address(node)) for node in network.nodes] == [
        "169.254.78.1/24", "169.254.78.2/24",
    ]  # fmt: skip


def test_programs_that_do_not_run_are_named(network: HostNetwork) -> None:
    place = ovn.central_of(network).directory
    place.mkdir()
    (place / "nb.db").touch()
    assert ovn.programs(network, network.nodes[0]) == dict.fromkeys(
        (
            "ovsdb-server-nb", "ovsdb-server-sb", "ovn-northd", "node1/ovsdb-server",
            "node1/ovs-vswitchd", "node1/ovn-controller",
        ),
        False,
    )  # fmt: skip
