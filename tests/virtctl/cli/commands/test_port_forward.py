import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.descriptors import piped
from tests.fakes.env import virtctl
from tests.fakes.sockets import stream_server
from virtctl.cli.app import run
from virtctl.cli.commands.port_forward import Port, parse_port
from virtctl.client.subresources import ROOT
from virtctl.errors import UsageError


@pytest.mark.parametrize(
    ("word", "port"),
    [
        ("80", Port("tcp", 80, 80)),
        ("8080:80", Port("tcp", 8080, 80)),
        ("udp/53", Port("udp", 53, 53)),
        ("TCP/0:22", Port("tcp", 0, 22)),
        (":22", Port("tcp", 0, 22)),
    ],
)
def test_ports(word: str, port: Port) -> None:
    assert parse_port(word) == port


@pytest.mark.parametrize("word", ["sctp/80", "x", "80:", "70000", "0", "80:0", "-1", "1:2:3", ""])
def test_no_ports(word: str) -> None:
    with pytest.raises(UsageError, match="port"):
        parse_port(word)


def test_a_port_in_the_machine_s_place_is_told() -> None:
    ran = virtctl("port-forward", "udp/5353", "8080", server="http://x")
    assert ran.code == 2
    assert ran.err == (
        "error: unsupported resource type `udp`\n"
        "hint: name the machine first, as in `vm/NAME udp/5353`\n"
    )


async def server_speaks(connection: ServerConnection) -> None:
    await connection.send(b"SSH-2.0-x\r\n")
    async for message in connection:
        if message == b"bye":
            return
        await connection.send(message.upper())


def test_stdio_is_a_proxy_command() -> None:
    with stream_server(server_speaks) as server, piped() as process:
        process.type(b"bye")
        words = [f"--server={server.url}", "port-forward", "--stdio=true", "vmi/web/prod", "22"]
        assert run(process.env, words) == 0
        assert process.read() == b"SSH-2.0-x\r\n"
    place = "/namespaces/prod/virtualmachineinstances/web/portforward/22/tcp"
    assert [path.removeprefix(ROOT) for path in server.paths] == [place]


def test_a_refusal_ends_stdio() -> None:
    with stream_server() as server, piped() as process:
        server.refusals = [(409, "VMI is not started")]
        words = [f"--server={server.url}", "port-forward", "--stdio", "web", "22"]
        assert run(process.env, words) == 1
        assert process.env.stderr.getvalue() == "error: VMI is not started\n"  # type: ignore[attr-defined]


def test_stdio_takes_one_port() -> None:
    ran = virtctl("port-forward", "--stdio", "web", "22", "80", server="http://x")
    assert (ran.code, "only one port" in ran.err) == (2, True)


def test_listening_until_interrupted(tmp_path: object) -> None:
    """Through a real process: a signal is what ends it."""
    import json
    import signal
    import socket
    import subprocess
    import sys

    with stream_server(server_speaks) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "port-forward", "web"]
        with subprocess.Popen(
            [*argv, ":22", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            bound = json.loads(process.stdout.readline())
            for _ in range(2):
                with socket.create_connection((bound["address"], bound["port"])) as client:
                    assert client.recv(100) == b"SSH-2.0-x\r\n"
                    client.sendall(b"a")
                    assert client.recv(100) == b"A"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert process.returncode == 0
    assert said == f"forwarding tcp 127.0.0.1:{bound['port']} to 22\n"


@pytest.mark.timeout(200)
def test_a_machine_that_is_gone_ends_it() -> None:
    import json
    import socket
    import subprocess
    import sys

    with stream_server(server_speaks) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "port-forward", "web"]
        with subprocess.Popen(
            [*argv, ":22", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            bound = json.loads(process.stdout.readline())
            server.refusals = [(404, "there is no web")] * 50
            with socket.create_connection((bound["address"], bound["port"])):
                _, said = process.communicate(timeout=150)
    assert process.returncode == 1
    assert "error: there is no web (port 22 of " in said
    assert said.endswith("/web/default is gone: there is nothing left to forward to\n")
