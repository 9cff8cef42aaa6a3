import json
import socket
import subprocess
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection

from tests.fakes.env import virtctl
from tests.fakes.programs import write_program
from tests.fakes.sockets import stream_server


async def screen(connection: ServerConnection) -> None:
    await connection.send(b"RFB 003.008\n")
    async for _ in connection:
        pass


def test_proxy_only_serves_one_client() -> None:
    with stream_server(screen) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "vnc", "web"]
        with subprocess.Popen(
            [*argv, "--proxy-only"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())["port"]
            with socket.create_connection(("127.0.0.1", port)) as client:
                assert client.recv(100) == b"RFB 003.008\n"
            process.communicate(timeout=60)
        assert process.returncode == 0
    assert server.paths[0].endswith("/virtualmachineinstances/web/vnc?preserveSession=false")


def test_a_viewer_is_started(tmp_path: Path) -> None:
    viewer = tmp_path / "viewer"
    write_program(
        viewer,
        "import socket, sys\n"
        "host, _, port = sys.argv[1].partition(':')\n"
        "client = socket.create_connection((host, int(port)))\n"
        f"open({str(tmp_path / 'seen')!r}, 'wb').write(client.recv(100))\n",
    )
    with stream_server(screen) as server:
        words = ["vnc", "web", "--vnc-path", str(viewer), "--preserve-session"]
        ran = virtctl(*words, server=server.url)
        assert (ran.code, ran.err) == (0, "")
        assert server.paths[0].endswith("preserveSession=true")
    assert (tmp_path / "seen").read_bytes() == b"RFB 003.008\n"


def test_a_viewer_that_ends_at_once_is_told_of(tmp_path: Path) -> None:
    viewer = tmp_path / "viewer"
    viewer.write_text("#!/bin/sh\nexit 3\n")
    viewer.chmod(0o700)
    with stream_server(screen) as server:
        ran = virtctl("vnc", "web", "--vnc-path", str(viewer), server=server.url)
    assert (ran.code, "ended with exit code 3" in ran.err) == (0, True)


def test_no_viewer_and_no_port() -> None:
    with stream_server(screen) as server:
        assert "no VNC viewer found" in virtctl("vnc", "web", server=server.url).err
    assert virtctl("vnc", "web", "--port", "99999", server="http://x").code == 2
