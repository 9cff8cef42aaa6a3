import asyncio
import base64
import socket
from pathlib import Path

import msgspec
import pytest

from launcher import hostnet
from launcher.errors import AgentError, HypervisorError
from launcher.layout import USB_CHANNELS, MachineLayout
from launcher.lifecycle import Command
from launcher.state import AgentState, MachineState, Stage
from launcher.system.control import ControlServer
from virtctl.errors import BadRequest, Conflict, InternalError, NotFound, ServiceUnavailable
from virtctl.local.api.verbs.ports import ExecRequest, GuestAction
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.attach import LocalMachines, LocalPods
from virtctl.local.node.uploads import listen
from virtctl.local.runtime import exporting

VMI = {"metadata": {"name": "vm1", "namespace": "default", "uid": "u1"}}
OWNER = {"kind": "VirtualMachineInstance", "name": "vm1", "uid": "u1"}
POD = {
    "metadata": {
        "name": "virt-launcher-vm1-abcde",
        "namespace": "default",
        "labels": {"kubevirt.io": "virt-launcher"},
        "annotations": {"kubectl.kubernetes.io/default-container": "compute"},
        "ownerReferences": [OWNER],
    },
    "spec": {
        "containers": [{"name": "compute"}, {"name": "volumeroot"}],
        "initContainers": [{"name": "guest-console-log"}],
    },
}
COMPONENT = {
    "metadata": {"name": "virt-api", "annotations": {"local.virtctl.io/component": "the daemon"}},
    "spec": {"containers": [{"name": "virt-api"}]},
}


class Launcher:
    """What a launcher answers, over its real control socket."""

    def __init__(self) -> None:
        self.asked = []
        self.error = None
        self.current = MachineState(
            uid="u1", stage=Stage.RUNNING, agent=AgentState(connected=True, version="9")
        )

    async def __call__(self, command, arguments):
        if command is Command.STATE:
            return msgspec.to_builtins(self.current)
        self.asked.append((command, arguments))
        if self.error:
            raise self.error
        if command is Command.SCREENSHOT:
            return base64.b64encode(b"\x89PNG").decode()
        if command is Command.USERS:
            return [{"user": "root", "login-time": 1.0}]
        if command is Command.FILESYSTEMS:
            return []
        return None

    async def states(self):
        yield self.current


@pytest.fixture
def layout():
    import tempfile

    with tempfile.TemporaryDirectory(prefix="attach-") as name:  # short: sockets live in it
        yield InstanceLayout(Path(name))


@pytest.fixture
def place(layout):
    made = MachineLayout(root=layout.machine("u1"), uid="u1", caps_cache=layout.caps_cache)
    for directory in (made.control.parent, made.serial.parent):
        directory.mkdir(parents=True)
    return made


@pytest.fixture
async def launcher(place):
    handler = Launcher()
    server = ControlServer(handler, handler)
    await server.open(place.control)
    yield handler
    await server.close()


async def test_requests_without_an_answer(layout, launcher):
    machines = LocalMachines(layout)
    for action in (GuestAction.PAUSE, GuestAction.UNPAUSE, GuestAction.RESET):
        assert await machines.act(VMI, action, {}) is None
    await machines.act(VMI, GuestAction.FREEZE, {"unfreezeTimeout": "10s"})
    assert launcher.asked[:3] == [(Command.PAUSE, {}), (Command.UNPAUSE, {}), (Command.RESET, {})]
    assert launcher.asked[3] == (Command.FREEZE, {"timeout": 10.0})


async def test_answers_have_kubevirts_shape(layout, launcher):
    machines = LocalMachines(layout)
    users = await machines.act(VMI, GuestAction.USERS, {})
    assert users["items"] == [{"userName": "root", "loginTime": 1.0}]
    assert (await machines.act(VMI, GuestAction.FILESYSTEMS, {}))["items"] == []
    assert (await machines.act(VMI, GuestAction.OS_INFO, {}))["guestAgentVersion"] == "9"


async def test_without_an_agent_nothing_is_asked(layout, launcher):
    launcher.current = MachineState(uid="u1", stage=Stage.RUNNING)
    with pytest.raises(InternalError, match="does not have guest agent connected"):
        await LocalMachines(layout).act(VMI, GuestAction.OS_INFO, {})
    assert launcher.asked == []


@pytest.mark.parametrize(
    ("error", "answer"),
    [(AgentError("the agent is too old"), InternalError), (HypervisorError("no"), Conflict)],
)
async def test_refusals_become_answers(layout, launcher, error, answer):
    launcher.error = error
    with pytest.raises(answer, match=str(error)):
        await LocalMachines(layout).act(VMI, GuestAction.FREEZE, {})


async def test_a_refused_freeze_names_its_command(layout, launcher):
    launcher.error = AgentError("QEMU guest agent is not connected")
    said = "^Internal error occurred: command Unfreeze failed: QEMU guest agent is not connected"
    with pytest.raises(InternalError, match=said):
        await LocalMachines(layout).act(VMI, GuestAction.UNFREEZE, {})


async def test_no_launcher_is_a_bad_request(layout):
    machines = LocalMachines(layout)
    for attempt in (
        machines.act(VMI, GuestAction.PAUSE, {}),
        machines.console(VMI),
        machines.vnc(VMI, preserve_session=False),
        machines.usbredir(VMI),
        machines.screenshot(VMI),
    ):
        with pytest.raises(BadRequest, match="VMI is not running"):
            await attempt


async def test_a_screenshot_is_a_picture(layout, launcher):
    assert await LocalMachines(layout).screenshot(VMI) == b"\x89PNG"


async def serve(path):
    async def greet(reader, writer):
        writer.write(b"login: ")
        await writer.drain()
        await reader.read()
        writer.close()

    return await asyncio.start_unix_server(greet, path)


async def test_a_second_console_ends_the_first(layout, place):
    server = await serve(place.serial)
    machines = LocalMachines(layout)
    first = await machines.console(VMI)
    assert await first.receive() == b"login: "
    second = await machines.console(VMI)
    assert await first.receive() == b""
    assert await second.receive() == b"login: "
    await first.close()
    await second.close()
    server.close()
    await server.wait_closed()


async def test_a_preserved_screen_is_not_taken_over(layout, place):
    server = await serve(place.vnc)
    machines = LocalMachines(layout)
    first = await machines.vnc(VMI, preserve_session=True)
    with pytest.raises(ServiceUnavailable):
        await machines.vnc(VMI, preserve_session=True)
    await first.close()
    second = await machines.vnc(VMI, preserve_session=True)
    await second.close()
    server.close()
    await server.wait_closed()


async def test_each_usb_device_has_a_channel_of_its_own(layout, place):
    servers = [await serve(place.usb(channel)) for channel in range(USB_CHANNELS)]
    machines = LocalMachines(layout)
    plugged = [await machines.usbredir(VMI) for _ in servers]
    with pytest.raises(InternalError, match="in use"):
        await machines.usbredir(VMI)
    await plugged[1].close()
    again = await machines.usbredir(VMI)
    assert await again.receive() == b"login: "
    for stream in (again, *plugged):
        await stream.close()
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_dialing_goes_to_the_first_address(layout):
    server = await serve_tcp()
    port = server.sockets[0].getsockname()[1]
    machines = LocalMachines(layout, lambda vmi: ("127.0.0.1", "::1"))
    stream = await machines.dial(VMI, port, "tcp")
    assert await stream.receive() == b"hello"
    await stream.close()
    server.close()
    await server.wait_closed()
    with pytest.raises(InternalError, match="dialing VM"):
        await machines.dial(VMI, port, "tcp")
    with pytest.raises(InternalError, match="has no address yet"):
        await LocalMachines(layout).dial(VMI, port, "tcp")


async def serve_tcp():
    async def greet(reader, writer):
        writer.write(b"hello")
        writer.close()

    return await asyncio.start_server(greet, "127.0.0.1", 0)


def run(*command, container=""):
    return ExecRequest(
        command=command, container=container, stdin=False, stdout=True, stderr=True, tty=False
    )


async def test_exec_needs_a_running_container(layout):
    pods = LocalPods(layout)
    with pytest.raises(BadRequest, match="is not running"):
        await pods.execute(POD, run("true"))
    with pytest.raises(BadRequest, match="has no programs"):
        await pods.execute(POD, run("true", container="volumeroot"))
    with pytest.raises(BadRequest, match="not valid for pod"):
        await pods.execute(POD, run("true", container="other"))
    with pytest.raises(BadRequest, match="at least 1 command"):
        await pods.execute(POD, run())
    with pytest.raises(BadRequest, match="no processes of its own"):
        await pods.execute(COMPONENT, run("true"))


async def read(chunks):
    return b"".join([chunk async for chunk in chunks])


async def test_logs_are_files(layout, place):
    place.log.write_text("one\ntwo\n")
    place.serial_log.write_text("login:\n")
    layout.log.write_text("daemon\n")
    pods = LocalPods(layout)
    assert await read(pods.log(POD, "", follow=False, tail=1)) == b"two\n"
    assert await read(pods.log(POD, "compute", follow=True, tail=None)) == b"one\ntwo\n"
    assert await read(pods.log(POD, "guest-console-log", follow=False, tail=None)) == b"login:\n"
    assert await read(pods.log(COMPONENT, "", follow=False, tail=None)) == b"daemon\n"
    with pytest.raises(BadRequest, match="writes no log"):
        pods.log(POD, "volumeroot", follow=False, tail=None)
    stray = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c"}]}}
    with pytest.raises(NotFound):
        pods.log(stray, "", follow=False, tail=None)


async def test_ports_of_pods(tmp_path, monkeypatch):
    async def hello(reader, writer):
        writer.write(b"hello")
        writer.close()

    opened = []

    def open_socket(name, family):
        opened.append(name)
        return socket.socket(family)

    monkeypatch.setattr(hostnet, "open_socket", open_socket)
    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pods = LocalPods(InstanceLayout(tmp_path))
    stream = await pods.dial(POD, port)
    assert await stream.receive() == b"hello"
    await stream.close()
    server.close()
    with pytest.raises(InternalError, match=f"failed to connect to localhost:{port}"):
        await pods.dial(POD, port)
    assert set(opened) == {"virt-launcher-vm1-abcde"}
    with pytest.raises(BadRequest, match="no network of its own"):
        await pods.dial(COMPONENT, 8443)


async def test_a_program_of_the_guest_is_run_by_its_launcher(layout, launcher):
    words = ("virt-probe", "--domainName", "default_vm1", "--guestAgentPing")
    request = ExecRequest(words, "compute", stdin=False, stdout=True, stderr=True, tty=False)
    process = await LocalPods(layout).execute(POD, request)
    assert await process.read() == (1, b"")
    assert await process.wait() == 0
    assert launcher.asked == [(Command.AGENT, {"command": "guest-ping"})]


async def test_the_health_of_components(tmp_path):
    ours, theirs = socket.socketpair()
    with theirs:
        stream = await LocalPods(InstanceLayout(tmp_path), lambda: ours).dial(COMPONENT, 8443)
        theirs.sendall(b"well")
        assert await stream.receive() == b"well"
        await stream.close()


async def test_the_upload_proxy_behind_its_pod(tmp_path):
    layout = InstanceLayout(tmp_path)
    layout.imports.mkdir()
    pod = {**COMPONENT, "metadata": {**COMPONENT["metadata"]}}
    pod["metadata"]["labels"] = {"kubevirt.io": "cdi-uploadproxy"}
    with listen(layout, "127.0.0.1") as listener:
        stream = await LocalPods(layout).dial(pod, 8443)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(b"here")
            assert await stream.receive() == b"here"
        await stream.close()


async def test_the_export_server_behind_its_pod(tmp_path):
    layout = InstanceLayout(tmp_path)
    layout.imports.mkdir()
    pod = exporting.build_pod({"metadata": {"name": "e", "namespace": "default"}}, "node01", {})
    with listen(layout, "127.0.0.1", exporting.RECORD) as listener:
        stream = await LocalPods(layout).dial(pod, 8443)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(b"here")
            assert await stream.receive() == b"here"
        await stream.close()
