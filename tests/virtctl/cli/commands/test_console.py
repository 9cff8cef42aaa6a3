import io
import os
import termios
import threading

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.descriptors import Piped, piped
from tests.fakes.env import virtctl
from tests.fakes.sockets import stream_server
from tests.fakes.typist import once_raw
from virtctl.cli import interactive
from virtctl.cli.app import run


def console(surroundings: Piped, url: str, *words: str) -> int:
    return run(surroundings.env, [f"--server={url}", "console", "web", *words])


async def login(connection: ServerConnection) -> None:
    await connection.send(b"login: ")
    async for message in connection:
        await connection.send(b">" + message)
        if message == b"exit\n":
            return


def test_a_script_talks_and_gets_its_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactive, "_QUIET", 3.0)
    with stream_server(login) as server, piped() as process:
        process.type(b"me\n")
        process.end()
        assert console(process, server.url) == 0
        assert process.read() == b"login: >me\n"
    assert server.paths[0].endswith("/virtualmachineinstances/web/console")


def test_the_escape_key_ends_it() -> None:
    with stream_server(login) as server, piped() as process:
        process.type(b"\x1d")
        assert console(process, server.url) == 0
    with stream_server(login) as server, piped() as process:
        process.type(b"\x18")
        assert console(process, server.url, "--escape", "^x") == 0
    assert virtctl("console", "web", "--escape", "abc", server="http://x").code == 2


def test_the_machines_end_is_the_end() -> None:
    with stream_server(login) as server, piped() as process:
        process.type(b"exit\n")
        assert console(process, server.url) == 0
        assert process.read().endswith(b">exit\n")


def test_without_input_it_listens_until_nobody_reads() -> None:
    with stream_server(login) as server, piped() as process:
        process.end()
        timer = threading.Timer(0.3, process.hang_up)
        timer.start()
        assert console(process, server.url) == 0
        timer.join()


def test_a_terminal_is_raw_while_connected_and_left_by_tilde_dot() -> None:
    outer, inner = os.openpty()
    with stream_server(login) as server, piped() as process:
        env = process.env
        env.stdin.close()
        env.stdin = io.TextIOWrapper(io.FileIO(inner, closefd=False))
        before = termios.tcgetattr(inner)
        typing = once_raw(inner, b"me\r~.", outer)
        assert console(process, server.url) == 0
        typing.join(60)
        assert termios.tcgetattr(inner) == before
        said = env.stderr.getvalue()  # type: ignore[attr-defined]
    os.close(outer)
    os.close(inner)
    assert "Successfully connected to web console. Press Ctrl+] or Ctrl+5 to exit" in said


def test_an_abnormal_end_is_an_error() -> None:
    async def cut(connection: ServerConnection) -> None:
        await connection.close(1011, "gone")

    with stream_server(cut) as server, piped() as process:
        assert console(process, server.url) == 1
        said = process.env.stderr.getvalue()  # type: ignore[attr-defined]
    assert "the console of web ended: the server closed the stream with code 1011: gone" in said
    assert "hint: the machine was powered off" in said


def test_it_waits_for_a_machine_that_is_not_up() -> None:
    with stream_server(login) as server, piped() as process:
        server.refusals = [(400, "VMI is not running")]
        process.type(b"exit\n")
        assert console(process, server.url, "--timeout", "5s") == 0
        said = process.env.stderr.getvalue()  # type: ignore[attr-defined]
    assert said == "waiting for VM web: VMI is not running\n"
