from virtctl.cli.netpaths import Goal, Machine, sights_path
from virtctl.output.networks.path import Path


def test_where_a_node_shows_a_network() -> None:
    found = Machine(name="web", namespace="a", spec={}, pod={"metadata": {"name": "p"}})
    assert sights_path(found) == "/apis/local.virtctl.io/v1/namespaces/a/pods/p"
    assert found.paths == []


def test_networks_on_which_an_address_is_looked_for() -> None:
    pod, lan = (Path(nic="n", network=one, binding="bridge") for one in ("pod", "a/lan"))
    goals = (Goal("t"), Goal("t", "pod", "db"), Goal("t", "a/lan", "db"))
    asked = [[goal.asked_on(pod), goal.asked_on(lan)] for goal in goals]
    assert asked == [["t", "t"], ["", ""], ["", "t"]]
    pinged = [[goal.pinged_on(pod), goal.pinged_on(lan)] for goal in goals]
    assert pinged == [["t", "t"], ["t", ""], ["", "t"]]
