import pytest

from virtctl.errors import UsageError
from virtctl.manifests.interfaces import address, network_config, nics


def random(count: int) -> bytes:
    return bytes(range(count))


def test_the_pod_network_stays_and_comes_first() -> None:
    found = nics(["nets/lan", "lan:sriov,mac:02:00:5e:00:53:01,model:e1000"], pod=True)
    assert [nic.network() for nic in found] == [
        {"name": "default", "pod": {}},
        {"name": "lan", "multus": {"networkName": "nets/lan"}},
        {"name": "lan-2", "multus": {"networkName": "lan"}},
    ]
    assert [nic.interface() for nic in found] == [
        {"name": "default", "masquerade": {}},
        {"name": "lan", "bridge": {}},
        {"name": "lan-2", "sriov": {}, "macAddress": "02:00:5e:00:53:01", "model": "e1000"},
    ]


def test_the_pod_network_may_be_said_or_left_out() -> None:
    (nic,) = nics(["pod:passt"], pod=True)
    assert nic.interface() == {"name": "default", "passtBinding": {}}
    assert [nic.name for nic in nics(["stor.age"], pod=False)] == ["stor-age"]
    assert nics([], pod=False) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["lan:"], "`lan:` is not NAME or NAME:BINDING"),
        (["a/b/c"], "is not .NAMESPACE/.NAME"),
        (["lan:slirp"], "`slirp` must be one of bridge, masquerade"),
        (["lan,mac:02"], "`02` is no MAC address"),
        (["lan,speed:9"], r"unknown param\(s\): speed:9"),
        (["pod", "pod:bridge"], "only once"),
    ],
)
def test_bad_networks(values: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        nics(values, pod=True)


def test_addresses_and_what_cloud_init_is_told() -> None:
    found = nics(["stor", "lan"], pod=True)
    address(found, "192.0.2.9/24,gateway:192.0.2.1,dns:192.0.2.2;192.0.2.3")
    address(found, "lan=2001:db8::9/64,gateway:2001:db8::1")
    config = network_config(found, random)
    mac = {"macaddress": "02:00:01:02:03:04"}
    assert config == {
        "version": 2,
        "ethernets": {
            "default": {"match": mac, "dhcp4": True, "dhcp6": True},
            "stor": {"match": mac, "dhcp4": True, "dhcp6": False},
            "lan": {
                "match": mac,
                "addresses": ["192.0.2.9/24", "2001:db8::9/64"],
                "routes": [
                    {"to": "0.0.0.0/0", "via": "192.0.2.1"},
                    {"to": "::/0", "via": "2001:db8::1"},
                ],
                "nameservers": {"addresses": ["192.0.2.2", "192.0.2.3"]},
            },
        },
    }
    assert found[0].interface()["macAddress"] == "02:00:01:02:03:04"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("192.0.2.9", "lacks its prefix"),
        ("192.0.2.999/24", "is no address"),
        ("default=192.0.2.9/24", "network `default` is KubeVirt's choice"),
        ("wan=192.0.2.9/24", "there is no network `wan`, there are: default, lan"),
        ("192.0.2.9/24,gateway:here", "`here` is no address"),
    ],
)
def test_bad_addresses(value: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        address(nics(["lan"], pod=True), value)
