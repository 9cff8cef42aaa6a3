from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, vm, vmi
from tests.fakes.env import virtctl

STOP = f"{SUBRESOURCES}/virtualmachines/web/stop"


def test_gracefully_and_not() -> None:
    with api_server() as server:
        server.on("PUT", STOP, None)
        assert virtctl("stop", "web", server=server.url).out == "VM web was scheduled to stop\n"
        virtctl("stop", "web", "--force", "--grace-period=0", server=server.url)
        assert [body for _, body in server.writes] == [{}, {"gracePeriod": 0}]


def test_force_alone_is_refused() -> None:
    assert virtctl("stop", "web", "--force", server="http://127.0.0.1:1").code == 2


def test_by_label_until_stopped() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines", {"items": [vm()]})
        server.on("PUT", STOP, None)
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.on("GET", f"{KUBEVIRT}/virtualmachineinstances/web", vmi(), vmi(phase="Succeeded"))
        ran = virtctl("stop", "-l", "app=web", "--wait", server=server.url)
    assert ran.out == "VM web is stopped\n"
    assert "waiting for stopped of VM web: phase Running" in ran.err
