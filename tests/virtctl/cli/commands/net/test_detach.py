from tests.fakes.canned import KUBEVIRT
from tests.fakes.env import virtctl
from tests.virtctl.cli.commands.net.test_attach import machine
from tests.virtctl.cli.commands.net.test_explain import server

__all__ = ["server"]


def interfaces(server):
    ((_, body),) = server.writes
    return body["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]


def test_a_running_guest_lets_go_first(server) -> None:
    machine(server)
    ran = virtctl("net", "detach", "web", "lan", server=server.url)
    assert ran.out == "VM web: NIC nic-add1 goes\n"
    assert interfaces(server)[1]["state"] == "absent"


def test_of_a_stopped_machine_it_is_gone(server) -> None:
    machine(server)
    server.on("GET", f"{KUBEVIRT}/virtualmachineinstances/web", *[])
    server.object("/apis/kubevirt.io/v1/kubevirts", {"items": []})
    ran = virtctl("net", "detach", "web", "nic-add1", server=server.url)
    assert "at its next start" in ran.err
    assert [one["name"] for one in interfaces(server)] == ["default"]


def test_what_is_not_there(server) -> None:
    machine(server)
    assert virtctl("net", "detach", "web", "x", server=server.url).code == 2
    assert virtctl("net", "detach", "other", "x", server=server.url).code == 1
