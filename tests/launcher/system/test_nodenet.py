"""Nodes' networks on a host that is a namespace of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, PlanFailed
from launcher.net.nodes import HostNetwork, design
from launcher.system import attachment, namespaces, nodenet, sysctls
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host

FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")


@pytest.fixture
def host() -> Iterator[str]:
    with inside_scratch_netns("host") as name:
        # A new namespace has the settings of the first one, where an instance may run.
        for key in FORWARDING:
            sysctls.write(key, "0")
        yield name


@pytest.fixture
def network(host: str, tmp_path: Path) -> Iterator[HostNetwork]:
    network = design(["node1", "node2"], directory=str(tmp_path / "one"), suffix=host[-4:])
    yield network
    nodenet.down(network)


def state(network: HostNetwork) -> list[str]:
    """What ``down`` must leave as it was before ``up``; other tests may run beside this one."""
    return [
        shell("ip -br link"),
        shell("ip route"),
        shell("ip -6 route"),
        shell("nft list ruleset"),
        *(f"{key}={sysctls.read(key)}" for key in FORWARDING),
        *(line for line in shell("cat /proc/mounts").splitlines() if network.suffix in line),
        *(name for name in namespaces.listed() if network.suffix in name),
    ]


def test_up_and_down_leave_nothing(network: HostNetwork, tmp_path: Path) -> None:
    before = state(network)
    nodenet.up(network)
    assert nodenet.leftovers(network)
    assert sysctls.read("net/ipv4/ip_forward") == "1"
    for _ in range(2):
        nodenet.down(network)
        assert nodenet.leftovers(network) == ()
        assert state(network) == before
    assert list((tmp_path / "one").iterdir()) == []


def test_up_again_changes_nothing(network: HostNetwork) -> None:
    nodenet.up(network)
    before = state(network)
    nodenet.up(network)
    assert state(network) == before


def test_what_was_on_before_stays_on(network: HostNetwork, tmp_path: Path) -> None:
    sysctls.write("net/ipv4/ip_forward", "1")
    nodenet.up(network)
    record = json.loads((tmp_path / "one/host.json").read_text())
    assert [setting["key"] for setting in record["settings"]] == ["net/ipv6/conf/all/forwarding"]
    nodenet.down(network)
    assert [sysctls.read(key) for key in FORWARDING] == ["1", "0"]


def test_after_a_reboot_the_settings_are_the_hosts_own(
    network: HostNetwork, tmp_path: Path
) -> None:
    nodenet.up(network)
    record = tmp_path / "one/host.json"
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "boot": "another"}))
    nodenet.down(network)
    assert [sysctls.read(key) for key in FORWARDING] == ["1", "1"]


def test_a_link_that_forwarded_by_itself_does_so_afterwards(network: HostNetwork) -> None:
    shell("ip link add own type bridge")
    sysctls.write("net/ipv6/conf/own/forwarding", "1")
    nodenet.up(network)
    nodenet.down(network)
    assert sysctls.read("net/ipv6/conf/own/forwarding") == "1"
    assert sysctls.read("net/ipv6/conf/lo/forwarding") == "0"


def test_down_removes_pods_and_what_a_crash_left(network: HostNetwork) -> None:
    before = state(network)
    nodenet.up(network)
    for node in ("node1", "node2"):
        attachment.attach(network, node, f"vtpod-{network.suffix}-{node}")
    namespaces.remove(network.nodes[0].netns)
    shell(f"ip link delete {network.nodes[1].uplink}")
    nodenet.down(network)
    assert nodenet.leftovers(network) == ()
    assert state(network) == before


def test_up_repairs_what_is_missing(network: HostNetwork) -> None:
    nodenet.up(network)
    before = state(network)[:4]
    namespaces.remove(network.nodes[0].netns)
    shell(f"ip -n {network.nodes[1].netns} link delete cni0")
    shell(f"nft delete table inet virtctl-local{network.suffix}")
    nodenet.up(network)
    # The links were made anew, in another order.
    assert [sorted(text.split()) for text in state(network)[1:4]] == [
        sorted(text.split()) for text in before[1:4]
    ]
    assert "10.244.2.1/24" in shell("ip -br address show cni0", network.nodes[1].netns)


def test_a_node_that_is_no_longer_asked_for_goes(network: HostNetwork) -> None:
    nodenet.up(network)
    fewer = msgspec.structs.replace(network, nodes=network.nodes[:1])
    nodenet.up(fewer)
    assert not namespaces.exists(network.nodes[1].netns)
    assert network.nodes[1].uplink not in shell("ip -br link")


def test_a_first_up_that_fails_leaves_nothing(network: HostNetwork) -> None:
    # The name of the second node's uplink is taken, by a link of another kind.
    shell(f"ip link add {network.nodes[1].uplink} type bridge")
    namespaces.create(network.nodes[1].netns)
    try:
        with namespaces.in_netns(network.nodes[1].netns):
            shell("ip link add eth0 type bridge")
        with pytest.raises(HostError, match="exists as `bridge`, but `veth` is needed"):
            nodenet.up(network)
    finally:
        namespaces.remove(network.nodes[1].netns)
    assert nodenet.leftovers(network) == ()
    assert sysctls.read("net/ipv4/ip_forward") == "0"


def test_an_up_that_fails_half_way_leaves_nothing(network: HostNetwork) -> None:
    before = state(network)
    broken = msgspec.structs.replace(network, mtu=67)  # less than IPv4 needs
    with pytest.raises(PlanFailed, match="mtu 67"):
        nodenet.up(broken)
    assert nodenet.leftovers(network) == ()
    assert state(network) == before


def test_a_pod_network_that_is_in_use_is_refused(network: HostNetwork) -> None:
    shell("ip link add lab type bridge\nip address add 10.244.7.1/24 dev lab\nip link set lab up")
    with pytest.raises(HostError, match=r"10\.244\.0\.0/16 meets 10\.244\.7\.0/24, .* `lab`"):
        nodenet.up(network)
    assert nodenet.leftovers(network) == ()


def test_the_last_of_two_instances_puts_forwarding_back(
    network: HostNetwork, tmp_path: Path
) -> None:
    other = design(
        ["node1"],
        directory=str(tmp_path / "two"),
        suffix=network.suffix[:3] + "z",
        cidrs=("10.245.0.0/16",),
    )
    nodenet.up(network)
    nodenet.up(other)
    try:
        nodenet.down(network)
        assert sysctls.read("net/ipv4/ip_forward") == "1"
    finally:
        nodenet.down(other)
    assert [sysctls.read(key) for key in FORWARDING] == ["0", "0"]
    assert not list(Path("/run").glob(f"virtctl-forwarding-{namespaces.identity()[1]}*"))
