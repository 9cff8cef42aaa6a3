from tests.fakes.canned import KUBEVIRT, api_server, vm, vmi
from tests.fakes.env import virtctl


def test_states() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        ran = virtctl("wait", "web", "--for", "ip", server=server.url)
        assert (ran.code, ran.out) == (0, "VM web is reached at 10.244.1.2\n")
        assert virtctl("wait", "web", "--for", "soon", server=server.url).code == 2
        assert virtctl("wait", "web", "--for=", server=server.url).code == 2
