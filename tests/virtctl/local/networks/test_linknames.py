import pytest

from launcher.net.names import pod_nic_name
from virtctl.local.networks.linknames import is_primary, secondary_link


@pytest.mark.parametrize(
    ("network", "link"),
    [
        ("blue", "pod16477688c0e"),
        ("secondnetwork", "pod914f438d88d"),
        ("nic-add1", "podb6e7df19490"),
    ],
)
def test_secondary_networks_are_hashed(network: str, link: str) -> None:
    assert secondary_link(network) == pod_nic_name(network) == link
    assert len(link) <= 15


@pytest.mark.parametrize(
    ("network", "primary"),
    [
        ({"name": "a", "pod": {}}, True),
        ({"name": "a", "multus": {"networkName": "x", "default": True}}, True),
        ({"name": "a", "multus": {"networkName": "x"}}, False),
    ],
)
def test_primary_networks(network, primary: bool) -> None:
    assert is_primary(network) is primary
