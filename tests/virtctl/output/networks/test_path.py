import pytest

from tests.fakes import sighted
from virtctl.output.networks import facts, path
from virtctl.output.networks.facts import Facts


def hops(found):
    return [f"{hop.where} {hop.name}" for hop in found.hops]


def ways(answer=None, **plugin):
    known = facts.read(answer) if answer else Facts(node="node1")
    definitions = {"default/lan": sighted.definition(**plugin)}
    return path.paths(sighted.vmi(), definitions, known, "default")


def test_all_hops() -> None:
    pod, lan = ways(sighted.sights(), vlan=33)
    assert hops(pod) == [
        "guest eth0", "pod tap0", "pod k6t-eth0", "pod eth0", "node veth1", "node cni0",
        "node eth0", "host vl-n1", "host eth9",
    ]  # fmt: skip
    assert [rule.rpartition(" ")[2] for rule in pod.hops[3].rules][-1] == "10.0.2.2"
    assert hops(lan) == [
        "guest eth1", "pod tapb6e7df19490", "pod k6t-b6e7df19490", "pod b6e7df19490-nic",
        "node veth2", "node br1", "node enp2s0",
    ]  # fmt: skip
    assert [rule.split()[-1] for rule in lan.hops[4].rules] == ["in-1", "drop"]
    assert lan.hops[6].notes == ("frames leave with the tag 33",)
    assert path.inside_address(pod, facts.read(sighted.sights())) == "10.0.2.2"
    shown = lan.document()
    assert (shown["network"], shown["hops"][5]["mtu"]) == ("default/lan", 1400)


def test_what_is_not_there() -> None:
    answer = sighted.sights()
    answer["sights"]["pod"]["links"] = [
        one for one in answer["sights"]["pod"]["links"] if one["name"] != "tap0"
    ]
    assert [hop.name for hop in ways(answer)[0].hops if hop.missing] == ["tap0"]


def test_without_any_sight_only_names_are_known() -> None:
    pod, lan = ways()
    assert hops(pod) == ["guest eth0", "pod tap0", "pod k6t-eth0", "pod eth0"]
    assert all(not hop.missing and hop.link is None for hop in (*pod.hops, *lan.hops))


@pytest.mark.parametrize(
    ("plugin", "last"),
    [
        ({"topology": "layer2"}, "wire geneve"),
        ({"topology": "localnet", "physicalNetworkName": "phys", "vlanID": 34}, "wire phys"),
    ],
)
def test_overlays(plugin, last) -> None:
    lan = ways(sighted.sights(), type="ovn-k8s-cni-overlay", **plugin)[1]
    assert hops(lan)[-2:] == ["node br-int", last]


def test_an_end_without_a_card() -> None:
    answer = sighted.sights()
    sighted.change(answer, "node", "enp2s0", master="")
    assert hops(ways(answer)[1])[-1] == "wire none"


@pytest.mark.parametrize(
    "config", ["", "[]", "{", '{"plugins": [{"type": "bridge", "bridge": "b"}]}']
)
def test_plugins(config) -> None:
    found = path.plugin_of({"spec": {"config": config}})
    assert found.get("bridge", "") == ("b" if "plugins" in config else "")


def test_names_as_kubevirt_gives_them() -> None:
    assert path.pod_nic("nic-add1", "default/x") == "podb6e7df19490"
    assert path.pod_nic("default", "pod") == "eth0"
    assert path.binding_of({"name": "a", "passtBinding": {}}) == "passt"
