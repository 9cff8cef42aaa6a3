import pytest

from launcher.net.model import Address, Sysctl
from launcher.system import observe
from tests.fakes.scratch import pod_by_hand, scratch_netns, shell

pytestmark = pytest.mark.host


def test_everything_of_a_namespace_is_seen() -> None:
    with scratch_netns("pod") as pod, scratch_netns("node") as node:
        pod_by_hand(pod, node)
        shell("nft add table ip nat", pod)
        # New namespaces have it from the host, which may be a node's at the moment.
        shell("sysctl -qw net.ipv4.ip_forward=0", pod)
        keys = ("net/ipv4/ip_forward", "net/nonsense", "net/ipv4/ping_group_range")
        seen = observe.network(netns=pod, settings=keys)
        assert [link.name for link in seen.links] == ["lo", "eth0"]
        eth0 = seen.link("eth0")
        assert eth0 is not None
        assert (eth0.kind, eth0.mtu, eth0.up, eth0.master) == ("veth", 1400, True, "")
        assert eth0.addresses == (
            Address.parse("10.129.2.132/23"),
            Address.parse("fd01:0:0:5::9/64"),
        )
        assert seen.default_gateway(4) == "10.129.2.1"
        assert seen.default_gateway(6) == "fd01:0:0:5::1"
        assert seen.sysctls == (
            Sysctl(key="net/ipv4/ip_forward", value="0"),
            Sysctl(key="net/ipv4/ping_group_range", value="1 0"),
        )
        assert [(table.family, table.name) for table in seen.tables] == [("ip", "nat")]


def test_tables_are_read_only_when_asked_for() -> None:
    with scratch_netns() as name:
        shell("nft add table ip nat", name)
        assert observe.network(netns=name, tables=()).tables == ()
        assert observe.network(netns=name, tables=[("ip6", "nat")]).tables == ()
