from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, ApiServer, api_server, refused, vm, vmi
from tests.fakes.env import SessionAt
from tests.fakes.sockets import stream_server
from tests.fakes.sshd import HOST_KEY, USER_KEY, sshd
from virtctl.cli import sshstages
from virtctl.cli.sshstages import GRACE_SECONDS, failed_stage
from virtctl.cli.targets import parse
from virtctl.streams.openssh import Login
from virtctl.streams.pump import pump

VM, VMI = f"{KUBEVIRT}/virtualmachines/web", f"{KUBEVIRT}/virtualmachineinstances/web"
TUNNEL = f"{SUBRESOURCES}/virtualmachineinstances/web/portforward/22/tcp"
LOGIN = Login("vm.web.default", "me", ())


def stopped(server: ApiServer) -> None:
    server.object(VM, vm(printableStatus="Stopped"))


def scheduling(server: ApiServer) -> None:
    server.object(VM, vm())
    server.object(VMI, vmi(phase="Scheduling"))


def ended(server: ApiServer) -> None:
    server.object(VMI, vmi(phase="Failed"))


def paused(server: ApiServer) -> None:
    server.object(VMI, vmi(conditions=[{"type": "Paused", "status": "True"}]))


def closed(server: ApiServer) -> None:
    server.object(VMI, vmi(conditions=[{"type": "AgentConnected", "status": "True"}]))
    server.on("GET", TUNNEL, refused(500, "InternalError", "connection refused"))


def elsewhere(server: ApiServer) -> None:
    machine = {"metadata": {"name": "web", "namespace": "prod"}}
    server.object("/apis/kubevirt.io/v1/virtualmachines", {"items": [machine]})


def forbidden(server: ApiServer) -> None:
    server.on("GET", VMI, refused(403, "Forbidden", "you may not"))


@pytest.mark.parametrize(
    ("arrange", "stage", "why", "hint"),
    [
        (lambda _: None, "machine", "there is no such machine", "get vm -A"),
        (elsewhere, "machine", "there is no such machine", "there is `vm/web/prod`"),
        (forbidden, "API server", "you may not", ""),
        (stopped, "machine", "it does not run, status Stopped", "virtctl start web --wait=ssh"),
        (scheduling, "pod", "it is not up yet: phase Scheduling", "virtctl why web"),
        (ended, "machine", "it has ended, phase Failed", "virtctl why web"),
        (paused, "machine", "it is paused", "virtctl unpause web"),
        (closed, "port", "port 22: connection refused (its guest agent is connected)", "logs web"),
    ],
)  # fmt: skip
def test_stages_before_ssh(
    session_at: SessionAt, arrange: object, stage: str, why: str, hint: str
) -> None:
    with api_server() as server:
        arrange(server)  # type: ignore[operator]
        found = failed_stage(session_at(server.url), parse("web"), LOGIN, 22)
    assert (found.name, found.why) == (stage, why)
    assert hint in found.hint


@contextmanager
def guest() -> Iterator[str]:
    """A machine that speaks ssh; yields the address of its API server."""

    async def talk(connection: ServerConnection) -> None:
        from asyncio import open_connection

        from virtctl.client.sockets import SocketDuplex
        from virtctl.streams.forward import TcpDuplex

        with sshd() as sock:
            reader, writer = await open_connection(sock=sock.dup())
            await pump(TcpDuplex(reader, writer), SocketDuplex(connection))  # type: ignore[arg-type]

    with stream_server(talk) as server:
        yield server.url


@pytest.mark.parametrize(
    ("user", "held", "stage", "why"),
    [
        ("me", HOST_KEY, "session", "me was let in"),
        ("you", HOST_KEY, "authentication", "no key let you in; the machine takes publickey, pass"),
        ("me", USER_KEY, "host key", "the host key of a changed"),
    ],
    ids=["let in", "refused", "changed"],
)
def test_stages_of_ssh(
    session_at: SessionAt, tmp_path: Path, user: str, held: object, stage: str, why: str
) -> None:
    identity, known = tmp_path / "key", tmp_path / "known"
    USER_KEY.write_private_key_file(str(identity))
    known.write_text(f"a {held.get_name()} {held.get_base64()}\n")  # type: ignore[attr-defined]
    login = Login("vm.web.default", user, (), str(identity), (), "a", str(known))
    with guest() as url:
        machine = parse("vm/web/default")
        found = sshstages._login(session_at(url), machine, login, 22, 1.0)
    assert (found.name, found.why[: len(why)]) == (stage, why)


def test_who_was_long_connected_had_logged_in(session_at: SessionAt) -> None:
    found = sshstages._login(session_at(), parse("web"), LOGIN, 22, GRACE_SECONDS + 1)
    assert found.name == "connection"
