import pytest

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, vm
from tests.fakes.env import virtctl

PAUSE = f"{SUBRESOURCES}/virtualmachineinstances/web/pause"


@pytest.mark.parametrize("words", [["vm", "web"], ["web"], ["VirtualMachines", "web"]])
def test_a_machine(words: list[str]) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.on("PUT", PAUSE, None)
        ran = virtctl("pause", *words, server=server.url)
        assert (ran.code, ran.out) == (0, "VMI web was scheduled to pause\n")
        assert server.writes == [(f"PUT {PAUSE}", None)]


def test_unknown_types_do_nothing() -> None:
    ran = virtctl("pause", "pod", "web", server="http://127.0.0.1:1")
    assert (ran.code, ran.out) == (2, "")
    assert "unsupported resource type `pod`" in ran.err
