import json

import pytest

from virtctl.errors import UsageError
from virtctl.manifests.attachments import RESOURCE, Wish, on_bridge, on_ovn


def wish(**more) -> Wish:
    return Wish(**{"name": "lan", "namespace": "test", **more})


def config(definition):
    return json.loads(definition["spec"]["config"])


def test_a_bridge_with_a_card() -> None:
    policy, definition = on_bridge(wish(nic="enp2s0", vlan=33, mtu=9000), make=True)
    (interface,) = policy["spec"]["desiredState"]["interfaces"]
    assert (policy["metadata"]["name"], interface["name"], interface["mtu"]) == (
        "br-lan", "br-lan", 9000,
    )  # fmt: skip
    assert interface["bridge"]["port"] == [{"name": "enp2s0"}]
    assert (config(definition)["vlan"], config(definition)["mtu"]) == (33, 9000)
    marks = definition["metadata"]["annotations"]
    assert marks[RESOURCE] == "bridge.network.kubevirt.io/br-lan"


def test_a_bridge_that_is_there() -> None:
    (definition,) = on_bridge(wish(bridge="br1"), make=False)
    assert config(definition)["bridge"] == "br1"
    assert "vlan" not in config(definition)


def test_long_names_are_cut() -> None:
    policy, _ = on_bridge(wish(name="a-very-long-network"), make=True)
    assert len(policy["spec"]["desiredState"]["interfaces"][0]["name"]) <= 15


def test_ovn() -> None:
    (overlay,) = on_ovn(wish(subnet="10.5.0.0/24"))
    assert config(overlay)["topology"] == "layer2"
    assert (config(overlay)["name"], config(overlay)["subnets"]) == ("test-lan", "10.5.0.0/24")
    assert config(overlay)["netAttachDefName"] == "test/lan"
    policy, localnet = on_ovn(wish(bridge="br-ex", vlan=34))
    assert (config(localnet)["name"], config(localnet)["vlanID"]) == ("lan", 34)
    state = policy["spec"]["desiredState"]
    assert state["ovn"]["bridge-mappings"][0]["bridge"] == "br-ex"
    assert "interfaces" not in state
    policy, _ = on_ovn(wish(nic="enp2s0"))
    (bridge,) = policy["spec"]["desiredState"]["interfaces"]
    assert (bridge["type"], bridge["name"]) == ("ovs-bridge", "ovs-lan")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vlan": 5000}, "--vlan"),
        ({"mtu": 5}, "--mtu"),
        ({"nic": "a b"}, "--nic"),
        ({"subnet": "10.5.0.1/24"}, "--subnet"),
    ],
)
def test_refused(more, said) -> None:
    with pytest.raises(UsageError, match=said):
        wish(**more).check()


def test_an_overlay_has_no_tag() -> None:
    with pytest.raises(UsageError, match="--vlan"):
        on_ovn(wish(vlan=5))
