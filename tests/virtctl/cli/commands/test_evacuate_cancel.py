from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, vmi
from tests.fakes.env import virtctl


def test_the_node_is_named() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi(nodeName="node01"))
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/evacuate/cancel", None)
        ran = virtctl("evacuate-cancel", "vm", "web", server=server.url)
        assert ran.out == "VM default/web was canceled evacuation\n"
        assert server.writes[0][1] == {"evacuationNodeName": "node01"}


def test_no_node() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        ran = virtctl("evacuate-cancel", "vmi", "web", server=server.url)
    assert (ran.code, "doesn't report Node name" in ran.err) == (1, True)
