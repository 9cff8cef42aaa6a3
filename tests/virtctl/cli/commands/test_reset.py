from tests.fakes.canned import SUBRESOURCES, api_server, refused
from tests.fakes.env import virtctl

PATH = f"{SUBRESOURCES}/virtualmachineinstances/web/reset"


def test_an_instance() -> None:
    with api_server() as server:
        server.on("PUT", PATH, None)
        assert virtctl("reset", "web", server=server.url).out == "VMI web was scheduled to reset\n"
        assert server.writes == [(f"PUT {PATH}", None)]


def test_a_refusal() -> None:
    with api_server() as server:
        server.on("PUT", PATH, refused(409, "Conflict", "VMI is paused"))
        ran = virtctl("reset", "web", server=server.url)
    assert (ran.code, ran.err) == (1, "error: cannot reset VMI web: VMI is paused\n")
