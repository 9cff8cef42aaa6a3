"""What definitions mean to the CNI."""

import json

import pytest

from virtctl.local.networks import attachdefs
from virtctl.local.networks.attachdefs import BadDefinition, conflist


def definition(config: object, **annotations: str) -> dict:
    text = config if isinstance(config, str) else json.dumps(config)
    metadata = {"name": "virt-bridge", "namespace": "default", "annotations": annotations}
    return {"metadata": metadata, "spec": {"config": text}}


BRIDGE = {"cniVersion": "0.3.1", "name": "lan", "type": "bridge", "bridge": "br1", "vlan": 33}


def test_one_plugin_is_a_list_of_one() -> None:
    assert conflist(definition(BRIDGE)) == {
        "cniVersion": "0.3.1",
        "name": "lan",
        "plugins": [BRIDGE],
    }


def test_a_list_stays_one_and_takes_the_definitions_name() -> None:
    found = conflist(
        definition({"cniVersion": "1.0.0", "disableCheck": True, "plugins": [{"type": "ptp"}]})
    )
    assert found == {
        "cniVersion": "1.0.0",
        "name": "virt-bridge",
        "disableCheck": True,
        "plugins": [{"type": "ptp"}],
    }


def test_openshifts_name_for_the_bridge_plugin() -> None:
    found = conflist(definition({"type": "cnv-bridge", "bridge": "br1"}))
    assert attachdefs.plugin_type(found) == "bridge"
    assert attachdefs.bridges(found) == ["br1"]
    assert not attachdefs.has_addresses(found)
    found = conflist(definition({"type": "bridge", "ipam": {"type": "dhcp"}}))
    assert attachdefs.has_addresses(found)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("", "spec.config is empty"),
        ('{"type": "bridge",', "failed to unmarshal spec.config"),
        ("[]", "no JSON object"),
        ({"name": "a"}, "missing 'type'"),
        ({"name": "a b", "type": "bridge"}, "invalid characters found in network name: a b"),
        ({"name": "a", "plugins": []}, "the plugin list is empty"),
    ],
)
def test_what_is_no_configuration(config: object, problem: str) -> None:
    with pytest.raises(BadDefinition, match=f"net-attach-def default/virt-bridge: .*{problem}"):
        conflist(definition(config))


def test_definitions_are_for_their_own_pods_but_for_a_few() -> None:
    assert attachdefs.is_visible("a", "a")
    assert attachdefs.is_visible("default", "a")
    assert not attachdefs.is_visible("b", "a")
    assert "pod is in namespace a but refers to target namespace b" in attachdefs.not_visible(
        "b", "a"
    )
    assert '"n" not found' in attachdefs.not_found("b", "n")


def test_the_resource_that_a_node_must_have() -> None:
    resource = {"k8s.v1.cni.cncf.io/resourceName": "bridge.network.kubevirt.io/br1"}
    assert attachdefs.resource_name(definition(BRIDGE, **resource)) == (
        "bridge.network.kubevirt.io/br1"
    )
    assert attachdefs.resource_name(definition(BRIDGE)) == ""
