import pytest

from launcher.net import nodes
from launcher.system import netcheck

NETWORK = nodes.design(["node1"], directory="/d")

DOCKER = """table ip filter {
\tchain DOCKER-USER {
\t}

\tchain FORWARD {
\t\ttype filter hook forward priority filter; policy drop;
\t\tcounter packets 0 bytes 0 jump DOCKER-USER
\t}
}
"""
OWN = """table inet mine {
\tchain forward {
\t\ttype filter hook forward priority filter; policy drop;
\t}
}
"""
ACCEPT = "\t\tip saddr 10.244.0.0/16 counter packets 0 bytes 0 accept\n"
ACCEPT_BACK = ACCEPT.replace("saddr", "daddr")


def test_docker_gets_dockers_remedy() -> None:
    finding = netcheck.judge_forwarding(NETWORK, DOCKER)
    assert not finding.ok
    assert finding.problem == "the nft chain `ip filter FORWARD` drops what pods send and receive"
    assert finding.remedy == (
        "iptables -I DOCKER-USER -s 10.244.0.0/16 -j ACCEPT"
        " && iptables -I DOCKER-USER -d 10.244.0.0/16 -j ACCEPT"
    )


def test_docker_that_was_told_is_fine() -> None:
    told = DOCKER.replace("DOCKER-USER {\n", f"DOCKER-USER {{\n{ACCEPT}{ACCEPT_BACK}")
    assert netcheck.judge_forwarding(NETWORK, told).ok
    half = DOCKER.replace("DOCKER-USER {\n", f"DOCKER-USER {{\n{ACCEPT}")
    assert not netcheck.judge_forwarding(NETWORK, half).ok


def test_a_table_of_the_users_own_gets_nft_rules_for_both_families() -> None:
    finding = netcheck.judge_forwarding(NETWORK, OWN)
    assert finding.remedy == (
        "nft insert rule inet mine forward ip saddr 10.244.0.0/16 accept"
        " && nft insert rule inet mine forward ip daddr 10.244.0.0/16 accept"
    )
    half = OWN.replace("drop;\n", f"drop;\n{ACCEPT}{ACCEPT_BACK}")
    assert "ip6 saddr fd10:244::/48" in netcheck.judge_forwarding(NETWORK, half).remedy


@pytest.mark.parametrize(
    "text",
    ["", DOCKER.replace("policy drop", "policy accept"), DOCKER.replace("ip filter", "arp filter")],
)
def test_other_rules_are_fine(text: str) -> None:
    assert netcheck.judge_forwarding(NETWORK, text).ok


def test_a_pod_network_of_ipv4_only_is_told() -> None:
    only4 = nodes.design(["node1"], directory="/d", uplink=nodes.Uplink(ipv6=False))
    names = {finding.name: finding for finding in netcheck.examine(only4)}
    assert not names["IPv6"].ok
    assert "IPv4 only" in names["IPv6"].problem


def test_every_finding_that_is_not_well_says_so() -> None:
    findings = netcheck.examine(NETWORK)
    assert [finding.name for finding in findings][:3] == ["root", "tun", "links"]
    assert all(finding.ok or finding.problem for finding in findings)


def test_a_free_network_is_found() -> None:
    four, six = netcheck.free_cidrs()
    assert four.endswith(".0.0/16")
    assert six.endswith("::/48")
    assert netcheck.addresses_taken(nodes.design(["a"], directory="/d", cidrs=(four, six))) is None


def test_the_uplink_has_an_mtu() -> None:
    assert netcheck.uplink().mtu >= 1280
