import pytest

from tests.fakes.canned import KUBEVIRT, Answer, api_server, refused, vm, vmi
from tests.fakes.env import SessionAt, virtctl
from virtctl.cli.cloudinit import unfinished

PODS = "/api/v1/namespaces/default/pods"
POD = {"metadata": {"name": "p"}, "status": {"phase": "Running"}}
END = "[   9.1] cloud-init[77]: Cloud-init v. 24.4 finished at Thu, 01 Jan 2026. Datasource x\n"


@pytest.mark.parametrize(
    ("written", "why"),
    [("login: ", "cloud-init has not ended"), (END, ""), (f"boot\n{END}login: ", "")],
)
def test_the_serial_log_tells(session_at: SessionAt, written: str, why: str) -> None:
    with api_server() as server:
        server.object(PODS, {"items": [POD]})
        server.on("GET", f"{PODS}/p/log", Answer(body=written))
        assert unfinished(session_at(server.url), "web") == why


def test_a_log_that_cannot_be_read(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(PODS, {"items": [POD]})
        server.on("GET", f"{PODS}/p/log", refused(403, "Forbidden", "no logs for you"))
        found = unfinished(session_at(server.url), "web")
    assert found == "its serial log cannot be read: no logs for you"


def test_waited_for() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        server.object(PODS, {"items": [POD]})
        server.on("GET", f"{PODS}/p/log", Answer(body="boot"), Answer(body=END))
        ran = virtctl("wait", "web", "--for", "cloud-init", server=server.url)
    assert ran.out == "VM web has run cloud-init\n"
    assert "cloud-init has not ended" in ran.err
