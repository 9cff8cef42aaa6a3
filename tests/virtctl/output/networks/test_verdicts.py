import re

import pytest

from tests.fakes import sighted
from virtctl.output.networks import facts, path, verdicts
from virtctl.output.networks.facts import Facts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, first_bad, lines


def findings(answer=None, vmi=None, **plugin):
    known = facts.read(answer or sighted.sights())
    definitions = {"default/lan": sighted.definition(**(plugin or {"vlan": 33}))}
    found = path.paths(vmi or sighted.vmi(), definitions, known, "default")
    return [one for way in found for one in verdicts.of_path(way, known)]


def test_nothing_fails() -> None:
    assert first_bad(findings()) is None
    told = list(lines("web", findings()))
    assert told[-1] == "web: nothing fails"
    said = "policies drop what they do not allow: 4 packets so far"
    assert f"?    nic-add1: node veth2: policy: {said}" in told


def test_drops_tell_whose_they_are() -> None:
    answer = sighted.sights()
    rules = answer["sights"]["node"]["rules"]
    rules[1] += ' comment "default/nothing-comes"'
    said = "policies default/nothing-comes drop what they do not allow: 4 packets so far"
    assert said in [one.said for one in findings(answer)]


LAN_TAP, LAN_NIC = "tapb6e7df19490", "b6e7df19490-nic"


@pytest.mark.parametrize(
    ("scope", "link", "new", "hop", "said"),
    [
        ("pod", "tap0", {"up": False}, "pod tap0", "is down"),
        ("pod", LAN_TAP, {"master": ""}, f"pod {LAN_TAP}", "in no bridge instead of k6t-"),
        ("node", "enp2s0", {"carrier": False}, "node enp2s0", "has no carrier"),
        ("node", "veth2", {"master": "br7"}, "node veth2", "is in br7 instead of br1"),
        ("node", "veth2", {"vlans": []}, "node veth2", "is in VLAN none instead of 33"),
        ("node", "br1", {"mtu": 1300}, "node br1", "MTU 1300, but the guest may send .* 1400"),
        ("node", "br1", {"name": "br0"}, "node br1", "the bridge is not there"),
    ],
)
def test_a_broken_link(scope, link, new, hop, said) -> None:
    answer = sighted.sights()
    sighted.change(answer, scope, link, **new)
    bad = first_bad(findings(answer))
    assert bad is not None
    assert bad.hop == hop
    assert bad.remedy
    assert re.search(said, bad.said)


@pytest.mark.parametrize(
    ("link", "mac", "hop", "check"),
    [
        ("tap0", "", "pod tap0", "arp"),
        ("tap0", "02:00:00:00:00:99", "pod tap0", "arp"),
        ("eth0", "", "pod eth0", "gateway"),
        (LAN_NIC, "02:00:00:00:00:99", f"pod {LAN_NIC}", "duplicate"),
    ],
)
def test_who_answers(link, mac, hop, check) -> None:
    answer = sighted.sights()
    for one in answer["answers"]:
        if one["link"] == link:
            one["mac"] = mac
    bad = first_bad(findings(answer))
    assert bad is not None
    assert (bad.hop, bad.check) == (hop, check)


@pytest.mark.parametrize(("scope", "hop"), [("pod", "pod eth0"), ("host", "host eth9")])
def test_nat_is_gone(scope, hop) -> None:
    answer = sighted.sights()
    answer["sights"][scope]["rules"] = []
    bad = first_bad(findings(answer))
    assert bad is not None
    assert (bad.hop, bad.check) == (hop, "nat")


def test_a_guest_without_an_address() -> None:
    vmi = sighted.vmi()
    vmi["status"]["interfaces"][1]["ipAddresses"] = ["fe80::1"]
    bad = first_bad(findings(vmi=vmi))
    assert bad is not None
    assert (bad.nic, bad.check) == ("nic-add1", "address")
    vmi["status"]["interfaces"][1]["ipAddresses"] = []
    assert first_bad(findings(vmi=vmi)) is None


def test_programs_of_ovn() -> None:
    answer = sighted.sights()
    answer["programs"] = {"ovn-northd": False, "node1/ovs-vswitchd": True}
    plugin = {"type": "ovn-k8s-cni-overlay", "topology": "layer2"}
    (found,) = [one for one in findings(answer, **plugin) if one.check == "program"]
    assert (found.state, found.said) == (BAD, "ovn-northd of OVN does not run")
    answer["programs"]["ovn-northd"] = True
    (found,) = [one for one in findings(answer, **plugin) if one.check == "program"]
    assert (found.state, found.said) == (GOOD, "all 2 programs of OVN run")


def test_a_forward_chain_that_drops() -> None:
    answer = sighted.sights()
    answer["sights"]["host"]["rules"].append("ip filter FORWARD: policy drop")
    (found,) = [one for one in findings(answer) if one.check == "forward"]
    assert found.state == UNKNOWN


@pytest.mark.parametrize(("count", "state"), [(1, GOOD), (0, BAD), (-1, BAD)])
def test_names(count, state) -> None:
    known = Facts(names=({"name": "web.default", "server": "10.0.0.1", "addresses": count},))
    assert [one.state for one in verdicts.of_names(known)] == [state]


@pytest.mark.parametrize(("count", "state"), [(1, GOOD), (0, UNKNOWN), (-1, UNKNOWN)])
def test_names_of_others(count, state) -> None:
    asked = {"name": verdicts.FOREIGN_NAME, "server": "10.0.0.1", "addresses": count}
    (found,) = verdicts.of_names(Facts(names=(asked,)))
    assert (found.state, bool(found.remedy)) == (state, state == UNKNOWN)
