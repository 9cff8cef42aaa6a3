"""What KubeVirt writes for Multus, and what Multus reads."""

import json

import pytest

from virtctl.local.networks import selections
from virtctl.local.networks.selections import BadSelection, Selection, parse


def vmi(*nics: dict, namespace: str = "default") -> dict:
    """A machine with the pod network and NICs on these networks."""
    networks = [{"name": "default", "pod": {}}]
    interfaces = [{"name": "default", "masquerade": {}}]
    for nic in nics:
        network = {"networkName": nic["nad"]} | ({"default": True} if nic.get("default") else {})
        networks.append({"name": nic["name"], "multus": network})
        extra = {key: nic[key] for key in ("macAddress", "state") if key in nic}
        interfaces.append({"name": nic["name"], "bridge": {}, **extra})
    spec = {"networks": networks, "domain": {"devices": {"interfaces": interfaces}}}
    return {"metadata": {"name": "fedora-1", "namespace": namespace}, "spec": spec}


def test_the_talks_machine() -> None:
    machine = vmi({"name": "nic-add1", "nad": "virt-bridge", "macAddress": "02:b3:f0:00:00:3c"})
    made = selections.pod_annotations(machine)
    assert made == {
        "k8s.v1.cni.cncf.io/networks": (
            '[{"name":"virt-bridge","namespace":"default","mac":"02:b3:f0:00:00:3c",'
            '"interface":"podb6e7df19490"}]'
        )
    }


def test_a_network_of_another_namespace_and_one_that_goes() -> None:
    machine = vmi({"name": "a", "nad": "lans/blue"}, {"name": "b", "nad": "red", "state": "absent"})
    (element,) = json.loads(selections.pod_annotations(machine)[selections.NETWORKS])
    assert (element["namespace"], element["name"]) == ("lans", "blue")
    assert "mac" not in element
    assert selections.definitions(machine) == [("lans", "blue"), ("default", "red")]


def test_a_default_network_is_no_secondary_one() -> None:
    machine = vmi({"name": "a", "nad": "ns/first", "default": True})
    assert selections.pod_annotations(machine) == {"v1.multus-cni.io/default-network": "ns/first"}
    assert selections.pod_annotations(vmi()) == {}


def test_words_with_commas() -> None:
    first, second, third = parse("a, ns/b , c@net7", "here")
    assert (first.network, first.interface) == ("here/a", "net1")
    assert (second.network, second.interface) == ("ns/b", "net2")
    assert (third.network, third.interface) == ("here/c", "net7")
    assert parse("  ", "here") == ()


def test_json_with_all_that_can_be_asked() -> None:
    text = json.dumps(
        [
            {
                "name": "a", "mac": "02:00:00:00:00:01", "ips": ["10.0.0.5/24"],
                "interface": "eth7", "cni-args": {"logicNetworkName": "x"},
                "infiniband-guid": "g",
            }
        ]
    )  # fmt: skip
    assert parse(text, "here") == (
        Selection(
            namespace="here",
            name="a",
            interface="eth7",
            mac="02:00:00:00:00:01",
            capabilities={
                "ips": ["10.0.0.5/24"],
                "mac": "02:00:00:00:00:01",
                "infinibandGUID": "g",
            },
            arguments={"logicNetworkName": "x"},
        ),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"name":', "failed to parse pod Network Attachment Selection Annotation JSON format"),
        ('{"name": "a"}', "JSON format"),
        ('[{"namespace": "a"}]', "must have a name"),
        ("a/b/c", "Invalid network object"),
        ("A_b", "did not match comma-delimited format"),
        ('[{"name": "x y"}]', "mismatch @ 'x y'"),
    ],
)
def test_what_cannot_be_read(text: str, problem: str) -> None:
    with pytest.raises(BadSelection, match=problem):
        parse(text, "here")


def test_one_network_can_be_the_first() -> None:
    found = selections.default_network("ns/a", "here")
    assert (found.network, found.interface) == ("ns/a", "eth0")
    with pytest.raises(BadSelection, match="must name one network"):
        selections.default_network("a,b", "here")


def test_routers_and_claims() -> None:
    (found,) = selections.parse(
        '[{"name": "lan", "default-route": ["10.0.0.1"], "ipam-claim-reference": "vm.lan"}]', "a"
    )
    assert (found.routers, found.claim) == (("10.0.0.1",), "vm.lan")
    with pytest.raises(BadSelection, match="`router` is no IP address"):
        selections.parse('[{"name": "lan", "default-route": ["router"]}]', "a")


def test_claims_are_written_to_their_links() -> None:
    asked = '[{"name":"lan","interface":"net1"},{"name":"b","interface":"net2"}]'
    made = selections.with_claims(asked, {"net2": "vm.b", "net3": "vm.c"})
    assert [one.claim for one in selections.parse(made, "a")] == ["", "vm.b"]
    assert selections.with_claims("lan@net1", {"net1": "vm.lan"}) == "lan@net1"
