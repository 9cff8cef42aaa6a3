import pytest

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, refused, vm, vmi
from tests.fakes.env import virtctl

START = f"{SUBRESOURCES}/virtualmachines/{{}}/start"


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ([], {}),
        (["--paused"], {"paused": True}),
        (["--paused=false"], {}),
        (["--dry-run"], {"dryRun": ["All"]}),
        (["--dry-run=server", "--paused"], {"paused": True, "dryRun": ["All"]}),
    ],
)
def test_one_machine(words: list[str], body: object) -> None:
    with api_server() as server:
        server.on("PUT", START.format("web"), None)
        ran = virtctl("start", "web", *words, server=server.url)
        assert (ran.code, ran.out) == (0, "VM web was scheduled to start\n")
        assert server.writes == [(f"PUT {START.format('web')}", body)]


def test_several_and_one_fails() -> None:
    with api_server() as server:
        for name in ("a", "c"):
            server.on("PUT", START.format(name), None)
        server.on("PUT", START.format("b"), refused(409, "Conflict", "VM is already running"))
        ran = virtctl("start", "a", "b", "c", server=server.url)
    assert ran.code == 1
    assert ran.out == "VM a was scheduled to start\nVM c was scheduled to start\n"
    assert ran.err == "error: cannot start VM b: VM is already running\n"


def test_waiting_for_one_that_runs_already() -> None:
    with api_server() as server:
        server.on("PUT", START.format("web"), refused(409, "Conflict", "VM is already running"))
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        ran = virtctl("start", "web", "--wait", server=server.url)
    assert (ran.code, ran.out) == (0, "VM web is ready\n")


def test_a_timeout_has_its_own_code() -> None:
    with api_server() as server:
        server.on("PUT", START.format("web"), None)
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm(printableStatus="Starting"))
        ran = virtctl("start", "web", "--wait=ip", "--timeout", "2s", server=server.url)
    assert ran.code == 124
    assert "ip of VM web did not come within 2 s" in ran.err


def test_another_namespace() -> None:
    with api_server() as server:
        path = START.format("web").replace("/default/", "/prod/")
        server.on("PUT", path, None)
        assert virtctl("start", "web", "-n", "prod", server=server.url).code == 0
