"""The annotation that says which links a pod has."""

import json

from virtctl.local.networks import netstatus
from virtctl.local.networks.netstatus import LinkStatus

FIRST = LinkStatus(
    network="pod",
    interface="eth0",
    result={"ips": [{"address": "10.244.1.2/24", "gateway": "10.244.1.1"}]},
    mac="0a:58:0a:f4:01:02",
    mtu=1500,
    is_default=True,
)
SECOND = LinkStatus(
    network="default/virt-bridge", interface="podb6e7df19490", result={}, mac="02:b3:f0:00:00:3c"
)


def test_it_is_laid_out_as_multus_does_it() -> None:
    text = netstatus.annotation([FIRST, SECOND])
    assert text.startswith('[{\n    "name": "pod",\n    "interface": "eth0",\n    "ips": [\n')
    assert '},{\n    "name": "default/virt-bridge",' in text
    assert json.loads(text) == [
        {
            "name": "pod",
            "interface": "eth0",
            "ips": ["10.244.1.2"],
            "mac": "0a:58:0a:f4:01:02",
            "mtu": 1500,
            "default": True,
            "dns": {},
            "gateway": ["10.244.1.1"],
        },
        {
            "name": "default/virt-bridge",
            "interface": "podb6e7df19490",
            "mac": "02:b3:f0:00:00:3c",
            "dns": {},
        },
    ]


def test_results_of_old_versions_are_read_too() -> None:
    old = {"ip4": {"ip": "10.1.0.5/16", "gateway": "10.1.0.1"}, "ip6": {"ip": "fd00::5/64"}}
    assert netstatus.addresses(old) == (("10.1.0.5", "fd00::5"), ("10.1.0.1",))


def test_links_are_found_in_a_pod_by_their_names() -> None:
    text = netstatus.annotation([FIRST, SECOND])
    pod = {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/network-status": text}}}
    assert set(netstatus.interfaces(pod)) == {"eth0", "podb6e7df19490"}
    assert netstatus.interfaces({"metadata": {}}) == {}
    broken = {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/network-status": "{"}}}
    assert netstatus.interfaces(broken) == {}
