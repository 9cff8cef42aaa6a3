import pytest

from tests.fakes import sighted
from virtctl.output.networks import facts, path, reach
from virtctl.output.networks.facts import Facts
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN

LAN_TAP, LAN_NIC = f"tap{sighted.LAN}", f"{sighted.LAN}-nic"


def ways(known):
    return path.paths(sighted.vmi(), {"default/lan": sighted.definition()}, known, "default")


def test_probes_and_targets() -> None:
    known = facts.read(sighted.sights())
    found = path.paths(sighted.vmi(), {"default/lan": sighted.definition()}, known, "default")
    asked = [probe for way in found for probe in reach.probes(way, known, "172.17.33.9")]
    assert asked == [
        ("tap0", "10.0.2.2"), ("eth0", "10.244.1.1"), (LAN_TAP, "172.17.33.250"),
        (LAN_NIC, "172.17.33.250", sighted.LAN_MAC), (LAN_NIC, "172.17.33.9", sighted.LAN_MAC),
    ]  # fmt: skip

    def told(*answers):
        facts_ = Facts(answers=tuple({"link": LAN_NIC, "address": "t", "mac": m} for m in answers))
        return [one.state for one in reach.of_target(found, facts_, "t")]

    assert (told("02:00"), told(""), told()) == ([GOOD], [BAD], [UNKNOWN])


@pytest.mark.parametrize(
    ("small", "large", "state"),
    [(True, True, GOOD), (True, False, BAD), (False, False, UNKNOWN)],
)
def test_sizes(small, large, state) -> None:
    answer = sighted.sights()
    answer["echoes"] = [
        {"address": "10.0.2.2", "bytes": size, "answered": answered}
        for size, answered in ((84, small), (1400, large))
    ]
    known = facts.read(answer)
    (pod, lan) = ways(known)
    (found,) = [one for one in reach.of_guest(pod, known) if one.check == "size"]
    assert (found.hop, found.state) == ("pod tap0", state)
    assert reach.echoes(pod, known) == [("10.0.2.2", "84"), ("10.0.2.2", "1400")]
    here, there = "fe80::800:ff:fe00:3", "fe80::b3:f0ff:fe00:1"
    asked = [
        ("84", LAN_TAP, "0a:00:00:00:00:03", here),
        ("1400", LAN_TAP, "0a:00:00:00:00:03", here),
    ]
    assert reach.echoes(lan, known) == [(there, *one) for one in asked]


def test_a_target_is_pinged_in_the_guests_name() -> None:
    known = facts.read(sighted.sights())
    (pod, lan) = ways(known)
    asked = reach.echoes(lan, known, "172.17.33.9")[2:]
    own = (LAN_NIC, sighted.LAN_MAC, "172.17.33.250")
    assert asked == [("172.17.33.9", "84", *own), ("172.17.33.9", "1400", *own)]
    assert len(reach.echoes(lan, known, "fd00::9")) == 2  # the guest has no such address itself
    assert reach.echoes(pod, known, "10.9.9.9")[2:] == [("10.9.9.9", "84"), ("10.9.9.9", "1400")]


@pytest.mark.parametrize(
    ("small", "large", "state"),
    [(True, True, GOOD), (True, False, BAD), (False, False, UNKNOWN)],
)
def test_sizes_towards_a_target(small, large, state) -> None:
    answer = sighted.sights()
    answer["answers"].append({"link": LAN_NIC, "address": "t", "mac": "02:00"})
    answer["echoes"] = [
        {"address": "t", "bytes": size, "link": LAN_NIC, "answered": answered}
        for size, answered in ((84, small), (1400, large))
    ]
    known = facts.read(answer)
    found = list(reach.of_target(ways(known), known, "t"))
    assert [one.state for one in found] == [GOOD, state]
    for one in answer["echoes"]:
        one["link"] = ""
    answer["answers"].pop()
    (only,) = reach.of_target(ways(known), facts.read(answer), "t")
    assert only.state == (state if small else UNKNOWN)


def test_neighbour_discovery() -> None:
    vmi = sighted.vmi()
    vmi["status"]["interfaces"][1]["ipAddresses"] = ["172.17.33.250", "fd00::2"]
    answer = sighted.sights()
    answer["answers"].append({"link": LAN_TAP, "address": "fd00::2", "mac": ""})
    known = facts.read(answer)
    (_, lan) = path.paths(vmi, {"default/lan": sighted.definition()}, known, "default")
    assert ("tapb6e7df19490", "fd00::2") in reach.probes(lan, known)
    found = [one for one in reach.of_guest(lan, known) if one.check == "nd"]
    assert [one.state for one in found] == [UNKNOWN]  # it answers for IPv4


def test_addresses_behind_masquerade() -> None:
    answer = sighted.sights()
    rule = "ip6 nat KUBEVIRT_PREINBOUND: counter packets 0 bytes 0 dnat to fd10:0:2::2"
    answer["sights"]["pod"]["rules"].append(rule)
    known = facts.read(answer)
    (pod, lan) = ways(known)
    assert reach.addresses(pod, known) == ("10.0.2.2", "fd10:0:2::2")
    assert reach.addresses(lan, known) == ("172.17.33.250",)
    assert reach.link_local("") == ""
