import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.env import FakeProcesses, virtctl
from tests.fakes.programs import write_program
from tests.fakes.sockets import stream_server

WHERE = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/web/usbredir"


async def device(connection: ServerConnection) -> None:
    await connection.send(b"hello")
    async for _ in connection:
        pass


def test_without_the_program_it_says_where_to_connect() -> None:
    with stream_server(device) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "usbredir", "web"]
        with subprocess.Popen(
            [*argv, "--no-launch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.fullmatch(r"User can connect usbredir client at: 127.0.0.1:(\d+)\n", said)
            assert found, said
            with socket.create_connection(("127.0.0.1", int(found[1]))) as client:
                assert client.recv(100) == b"hello"
            _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert server.paths == [WHERE]


def test_the_program_is_started(tmp_path: Path) -> None:
    program = tmp_path / "usbredirect"
    write_program(
        program,
        "import socket, sys\n"
        "host, _, port = sys.argv[4].partition(':')\n"
        "client = socket.create_connection((host, int(port)))\n"
        f"said = ' '.join(sys.argv[1:4]) + ' ' + client.recv(100).decode()\n"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(said)\n",
    )

    class Found(FakeProcesses):
        def which(self, program_name: str) -> str:
            return str(tmp_path / program_name)

    with stream_server(device) as server:
        ran = virtctl("usbredir", "046d:c52b", "web", server=server.url, processes=Found())
    assert (ran.code, ran.err) == (0, "usbredirect has ended\n")
    assert (tmp_path / "seen").read_text() == "--device 046d:c52b --to hello"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web"], "missing argument DEVICE"),
        (["a", "b", "c"], "unexpected argument `c`"),
        (["046d:c52b", "web"], "no usbredirect found"),
    ],
)
def test_what_cannot_be(words: list[str], said: str) -> None:
    ran = virtctl("usbredir", *words, server="http://x")
    assert ran.code
    assert said in ran.err


def test_a_refusal_starts_nothing() -> None:
    with stream_server(device) as server:
        server.refusals.append((409, "Not configured with USB Redirection"))
        ran = virtctl("usbredir", "--no-launch", "web", server=server.url)
    said = "error: cannot redirect USB to VMI web: Not configured with USB Redirection\n"
    assert (ran.code, ran.out, ran.err) == (1, "", said)
