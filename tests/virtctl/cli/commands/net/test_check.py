import json

import pytest

from tests.fakes import sighted
from tests.fakes.canned import KUBEVIRT, refused, vm
from tests.fakes.env import virtctl
from tests.virtctl.cli.commands.net.test_explain import CORE, NADS, NETWORK, server

__all__ = ["server"]


def test_all_is_well(server) -> None:
    server.object(f"{CORE}/events", {"items": []})
    ran = virtctl("net", "check", "web", server=server.url)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "web: nothing fails")
    asked = [one.query for one in server.asked if one.path == NETWORK]
    assert asked[0] == {}
    assert asked[1]["ask"].startswith("tap0,10.0.2.2/eth0,10.244.1.1/")
    assert asked[1]["name"] == "web.default/a.root-servers.net"
    ran = virtctl("net", "check", "web", "10.9.9.9", server=server.url)
    assert "only the guest itself can ask for 10.9.9.9" in ran.out


def other(server, *, lan: str, pod: str = "10.244.1.3", networks: int = 2) -> None:
    """Another machine, ``db``, with these addresses on as many networks, the LAN last."""
    made = sighted.vmi()
    made["metadata"]["name"] = "db"
    for held, address in zip(made["status"]["interfaces"], (pod, lan), strict=True):
        held["ipAddresses"] = [address] if address else []
    made["spec"]["domain"]["devices"]["interfaces"][networks:] = []
    server.object(f"{KUBEVIRT}/virtualmachines/db", vm("db"))
    server.object(f"{KUBEVIRT}/virtualmachineinstances/db", made)


@pytest.mark.parametrize("target", ["db", "vm/db"])
def test_another_machine_is_looked_for_on_the_network_that_both_share(server, target) -> None:
    server.object(f"{CORE}/events", {"items": []})
    other(server, lan="172.17.33.9")
    answer = sighted.sights()
    found = {"link": f"{sighted.LAN}-nic", "address": "172.17.33.9", "mac": "02:00:00:00:00:09"}
    answer["answers"].append(found)
    server.object(NETWORK, answer)
    ran = virtctl("net", "check", "web", target, server=server.url)
    assert ran.code == 0
    assert "db has 172.17.33.9 on default/lan" in ran.out
    assert "172.17.33.9 answers: 02:00:00:00:00:09" in ran.out
    asked = [one.query["ask"] for one in server.asked if "ask" in one.query]
    assert f"{sighted.LAN}-nic,172.17.33.9,{sighted.LAN_MAC}" in asked[0]


def test_a_pod_is_not_looked_for_on_other_networks(server) -> None:
    server.object(f"{CORE}/events", {"items": []})
    other(server, lan="", networks=1)
    ran = virtctl("net", "check", "web", "db", server=server.url)
    assert ran.code == 0
    assert "db has 10.244.1.3 on pod" in ran.out
    assert "only the guest itself can ask for 10.244.1.3" in ran.out
    assert not any("10.244.1.3" in one.query.get("ask", "") for one in server.asked)


def test_a_target_that_means_no_address(server) -> None:
    server.object(f"{CORE}/events", {"items": []})

    def said(target: str) -> str:
        ran = virtctl("net", "check", "web", target, server=server.url)
        assert ran.code != 0
        return ran.err

    assert "no machine db in namespace default" in said("db")
    assert "name a machine" in said("db")
    assert "or an address" in said("10.0.0")
    assert "VM web is what is checked" in said("web")
    other(server, lan="", pod="")
    assert "no address of VM db is known on pod, default/lan" in said("db")
    other(server, lan="", networks=0)
    assert "virtctl net attach db NETWORK" in said("db")
    server.on("GET", f"{KUBEVIRT}/virtualmachineinstances/db", *[])
    assert "virtctl start db" in said("db")


def test_the_first_that_fails(server) -> None:
    answer = sighted.sights()
    sighted.change(answer, "node", "br1", up=False)
    server.object(NETWORK, answer)
    server.object(f"{CORE}/events", {"items": []})
    ran = virtctl("net", "check", "web", "-o", "json", server=server.url)
    data = json.loads(ran.out)
    assert (ran.code, data["ok"]) == (1, False)
    assert data["firstFailure"]["hop"] == "node br1"


def test_what_keeps_it_from_running(server) -> None:
    server.on("GET", f"{KUBEVIRT}/virtualmachineinstances/web", *[])
    server.object(f"{KUBEVIRT}/virtualmachines/web", {"spec": {"template": {
        "spec": sighted.spec(),
    }}})  # fmt: skip
    server.on("GET", f"{NADS}/lan", *[])
    event = {"reason": "FailedScheduling", "involvedObject": {"name": "web"},
             "message": "Insufficient bridge.network.kubevirt.io/br1"}  # fmt: skip
    server.object(f"{CORE}/events", {"items": [event]})
    ran = virtctl("net", "check", "web", server=server.url)
    assert ran.code == 1
    assert "there is no definition default/lan" in ran.out.splitlines()[-1]
    assert "Insufficient bridge.network.kubevirt.io/br1" in ran.out
    assert "the machine does not run" in ran.out


def test_a_pod_without_a_node(server) -> None:
    server.object(f"{CORE}/events", {"items": []})
    vmi = sighted.vmi()
    vmi["status"] = {"phase": "Scheduling"}
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi)
    ran = virtctl("net", "check", "web", server=server.url)
    assert ran.code == 1
    assert ran.out.splitlines()[-1].endswith("it is Scheduling")
    assert NETWORK not in [one.path for one in server.asked]


def test_who_may_not_look(server) -> None:
    server.object(f"{CORE}/events", {"items": []})
    server.on("GET", NETWORK, refused(403, "Forbidden", "no"))
    ran = virtctl("net", "check", "web", server=server.url)
    assert "you may not get pods/network" in ran.out
