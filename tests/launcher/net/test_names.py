from hypothesis import given
from hypothesis import strategies as st

from launcher.net import names


def test_names_of_the_primary_network() -> None:
    assert names.bridge_name("eth0") == "k6t-eth0"
    assert names.tap_name("eth0", primary=True) == "tap0"
    assert names.tap_name("ovn-udn1", primary=True) == "tap0"


def test_names_of_a_secondary_network_come_from_its_name() -> None:
    assert names.pod_nic_name("blue") == "pod16477688c0e"
    assert names.pod_nic_name("secondnetwork") == "pod914f438d88d"
    assert names.pod_nic_name("nic-add1") == "podb6e7df19490"
    assert names.bridge_name("podb6e7df19490") == "k6t-b6e7df19490"
    assert names.tap_name("podb6e7df19490", primary=False) == "tapb6e7df19490"


@given(st.text(min_size=1, max_size=300))
def test_every_network_gets_names_that_the_kernel_takes(network: str) -> None:
    nic = names.pod_nic_name(network)
    for name in (nic, names.bridge_name(nic), names.tap_name(nic, primary=False)):
        assert len(name) <= 15


def test_names_on_the_host() -> None:
    assert names.node_netns("node1", "") == "virtctl-node1"
    assert names.node_netns("node1", "ab12") == "virtctl-node1-ab12"
    assert names.node_uplink(1, "") == "vl-n1"
    assert names.node_uplink(63, "ab12") == "vlab12-n63"
    assert names.host_table("") == "virtctl-local"
    assert names.host_table("ab12") == "virtctl-localab12"
