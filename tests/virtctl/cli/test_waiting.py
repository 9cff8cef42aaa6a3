import pytest

from tests.fakes.canned import KUBEVIRT, api_server, vm, vmi
from tests.fakes.env import SessionAt
from tests.fakes.sockets import stream_server
from virtctl.cli.waiting import Awaited, Patience, Seen, already, awaited, reached
from virtctl.errors import Conflict, UsageError, VirtctlError, WaitTimeout

AGENT = {"type": "AgentConnected", "status": "True"}
VM, VMI = f"{KUBEVIRT}/virtualmachines/web", f"{KUBEVIRT}/virtualmachineinstances/web"


@pytest.mark.parametrize(
    ("state", "seen", "there"),
    [
        (Awaited.READY, Seen(vm(), vmi()), True),
        (Awaited.READY, Seen(vm(), vmi(phase="Scheduled")), False),
        (Awaited.RUNNING, Seen(vm(), vmi()), True),
        (Awaited.IP, Seen(vm(), vmi()), True),
        (Awaited.IP, Seen(vm(), vmi(interfaces=[])), False),
        (Awaited.AGENT, Seen(vm(), vmi()), False),
        (Awaited.AGENT, Seen(vm(), vmi(conditions=[AGENT])), True),
        (Awaited.STOPPED, Seen(vm(), None), True),
        (Awaited.STOPPED, Seen(vm(), vmi()), False),
        (Awaited.STOPPED, Seen(vm(), vmi(phase="Succeeded")), True),
        (Awaited.DELETED, Seen(None, None), True),
        (Awaited.DELETED, Seen(vm(), None), False),
    ],
)  # fmt: skip
def test_states(state: Awaited, seen: Seen, there: bool) -> None:
    assert reached(state, seen) is there


def test_waiting_tells_each_stage_once(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(VM, vm())
        server.on("GET", VMI, vmi(phase="Scheduling"), vmi(phase="Scheduling"), vmi())
        here = session_at(server.url)
        assert Patience(Awaited.READY, 60).until(here, "web") == "VM web is ready"
    assert here.env.stderr.getvalue() == "waiting for ready of VM web: phase Scheduling\n"


def test_a_timeout_says_how_far_it_came(session_at: SessionAt) -> None:
    waiting = {"type": "PodScheduled", "status": "False", "message": "no node has memory"}
    with api_server() as server:
        server.object(VM, vm())
        server.object(VMI, vmi(phase="Scheduling", conditions=[waiting]))
        with pytest.raises(WaitTimeout) as caught:
            Patience(Awaited.IP, 3).until(session_at(server.url), "web")
    assert str(caught.value) == (
        "ip of VM web did not come within 3 s; "
        "at the end phase Scheduling, PodScheduled is False: no node has memory"
    )
    assert "get events" in str(caught.value.hint)


def test_what_cannot_come_is_not_waited_for(session_at: SessionAt) -> None:
    failed = vmi(
        phase="Failed",
        conditions=[{"type": "Synchronized", "status": "False", "message": "no such image"}],
    )
    once = {**vm(), "spec": {"runStrategy": "Once"}}
    with api_server() as server:
        server.object(VM, once)
        server.object(VMI, failed)
        with pytest.raises(VirtctlError, match="VM web failed: no such image"):
            Patience(Awaited.READY, 60).until(session_at(server.url), "web")
    with api_server() as server, pytest.raises(VirtctlError, match="does not exist"):
        Patience(Awaited.READY, 60).until(session_at(server.url), "web")


def test_a_restart_waits_for_the_next_instance(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(VM, vm())
        second = vmi()
        second["metadata"] = {"name": "web", "uid": "vmi-2"}
        server.on("GET", VMI, vmi(), second)
        Patience(Awaited.READY, 60).until(session_at(server.url), "web", not_uid="vmi-web")
        assert server.calls.count(f"GET {VMI}") == 2


def test_ssh_is_asked_for_through_the_tunnel(session_at: SessionAt) -> None:
    async def sshd(connection: object) -> None:
        await connection.send(b"SSH-2.0-test\r\n")  # type: ignore[attr-defined]
        await connection.wait_closed()  # type: ignore[attr-defined]

    with stream_server(sshd) as streams, api_server() as server:
        server.object(VM, vm())
        server.object(VMI, vmi())
        here = session_at(server.url)
        patience = Patience(Awaited.SSH, 60)
        tunnel = session_at(streams.url)
        here.rest.target  # noqa: B018 - made before the probe looks elsewhere
        problem = patience._probe(tunnel, "web")
    assert problem == ""
    assert streams.paths == [
        "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/web/portforward/22/tcp"
    ]


def test_flags() -> None:
    assert awaited("", "5m", default=Awaited.READY) is None
    assert awaited("default", "5m", default=Awaited.STOPPED) == Patience(Awaited.STOPPED, 300)
    assert awaited("SSH", "10", default=Awaited.READY) == Patience(Awaited.SSH, 10)
    with pytest.raises(UsageError, match="for flag `--wait`: must be one of ready"):
        awaited("soon", "5m", default=Awaited.READY)


def test_already_running_is_fine_only_when_waiting(session_at: SessionAt) -> None:
    here = session_at("http://x")
    with already(here, "web", Patience(Awaited.READY, 1)):
        raise Conflict("VM is already running")
    assert here.env.stderr.getvalue() == "VM web: VM is already running\n"
    with pytest.raises(Conflict), already(here, "web", None):
        raise Conflict("VM is already running")
