import pytest

from tests.fakes import sighted
from virtctl.output.networks import causes
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN


def test_definitions() -> None:
    broken = sighted.definition("broken")
    broken["spec"]["config"] = "{"
    known = {"default/lan": sighted.definition(), "default/gone": None, "default/broken": broken}
    states = [one.state for one in causes.of_definitions(known)]
    assert states == [GOOD, BAD, BAD]


@pytest.mark.parametrize(
    ("reason", "message", "remedy"),
    [
        ("FailedScheduling", "Insufficient bridge.network.kubevirt.io/br1", "net create lan"),
        ("NetworkDoubtful", "10.0.0.1 is also that of the pod default/x", "another address"),
        ("FailedCreatePodSandBox", 'failed to find plugin "x" in path', "install the CNI plugin"),
        ("FailedCreatePodSandBox", "no IP addresses available in range", "larger range"),
    ],
)
def test_events(reason, message, remedy) -> None:
    event = {"reason": reason, "message": message}
    (found,) = causes.of_events(
        [event, event, {"reason": "Started", "message": "x"}], running=False
    )
    assert found.state == BAD
    assert [one.state for one in causes.of_events([event], running=True)] == [UNKNOWN]
    assert remedy in found.remedy


def test_attempts_that_differ_in_a_links_name_are_one() -> None:
    events = [
        {"reason": "FailedCreatePodSandBox", "message": f'no VLAN on "{link}": not supported'}
        for link in ("veth8980c456", "veth73aa0a64")
    ]
    (found,) = causes.of_events(events, running=False)
    assert "veth73aa0a64" in found.said


def test_cpu_is_no_matter_of_networks() -> None:
    event = {"reason": "FailedScheduling", "message": "Insufficient cpu"}
    assert list(causes.of_events([event], running=False)) == []


def test_conditions() -> None:
    bad = {"type": "Synchronized", "status": "False", "message": "definition x not found"}
    (found,) = causes.conditions({"status": {"conditions": [bad, {"type": "Ready"}]}})
    assert "net create" in found.remedy


def test_a_definition_of_another_namespace() -> None:
    known = {"other/lan": sighted.definition(), "default/lan": sighted.definition()}
    states = [one.state for one in causes.of_definitions(known, "mine")]
    assert states == [UNKNOWN, GOOD]


def test_addresses_of_a_bridged_guest_that_are_its_pods() -> None:
    known = {"default/lan": sighted.definition(ipam={"type": "host-local"})}
    (found,) = causes.of_bindings(sighted.spec(), known, "default")
    assert (found.nic, found.state) == ("nic-add1", UNKNOWN)
    assert list(causes.of_bindings(sighted.spec(), {"default/lan": None}, "default")) == []


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (None, "no node of the cluster any more"),
        (
            {"conditions": [{"type": "Ready", "status": "Unknown", "message": "gone"}]},
            "not ready: gone",
        ),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, ""),
        (
            {"conditions": [{"type": "NetworkUnavailable", "status": "True", "message": "x died"}]},
            "x died",
        ),
    ],
)
def test_nodes(node, said) -> None:
    found = list(causes.of_node("node1", node if node is None else {"status": node}))
    assert [one.state for one in found] == ([BAD] if said else [])
    assert all(said in one.said for one in found)


def test_a_machine_that_waits() -> None:
    assert list(causes.of_scheduling(sighted.vmi(), {})) == []
    (found,) = causes.of_scheduling({}, {})
    assert found.said == "the machine does not run yet, it is Pending"
    waiting = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    vmi = {"status": {"phase": "Scheduling"}}
    (found,) = causes.of_scheduling(vmi, {"status": {"conditions": [waiting]}})
    assert found.said.endswith("it is Scheduling: 0/1 nodes are available")


def test_twins() -> None:
    other = sighted.vmi()
    other["metadata"]["name"] = "db"
    said = [one.said for one in causes.of_twins(sighted.vmi(), [sighted.vmi(), other])]
    assert said == [
        f"default/db has the same MAC {sighted.LAN_MAC} on default/lan",
        "default/db has the same address 172.17.33.250 on default/lan",
    ]
    other["status"]["phase"] = "Succeeded"
    assert list(causes.of_twins(sighted.vmi(), [other])) == []
