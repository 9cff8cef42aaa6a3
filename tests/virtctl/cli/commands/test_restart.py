from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, vm, vmi
from tests.fakes.env import virtctl


def test_the_next_instance_is_awaited() -> None:
    second = vmi()
    second["metadata"] = {"name": "web", "uid": "vmi-2"}
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/restart", None)
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        path = f"{KUBEVIRT}/virtualmachineinstances/web"
        server.on("GET", path, vmi(), vmi(), second)
        ran = virtctl("restart", "web", "--wait", server=server.url)
        assert (ran.code, ran.out) == (0, "VM web is ready\n")
        assert server.calls.count(f"GET {path}") == 3


def test_force() -> None:
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/restart", None)
        ran = virtctl("restart", "web", "--force", "--grace-period=3", server=server.url)
        assert ran.out == "VM web was scheduled to restart\n"
        assert server.writes[0][1] == {"gracePeriodSeconds": 3}
