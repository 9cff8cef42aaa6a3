import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.env import virtctl
from tests.fakes.sockets import Talk, stream_server
from virtctl.cli import expecting
from virtctl.cli.expecting import pattern
from virtctl.errors import UsageError


def wait(talk: Talk, wanted: str, timeout: str = "60s") -> tuple[int, str, str]:
    with stream_server(talk) as server:
        words = ["console", "web", "--wait-for", wanted, "--timeout", timeout]
        ran = virtctl(*words, server=server.url)
    return ran.code, ran.out, ran.err


async def boot(connection: ServerConnection) -> None:
    for piece in (b"booting\r\nweb lo", b"gin: "):
        await connection.send(piece)
    await connection.wait_closed()


async def halt(connection: ServerConnection) -> None:
    await connection.send(b"power down\r\n")


async def idle(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(b"web login: " if message == b"\r" else b"")


def test_it_ends_with_what_is_waited_for() -> None:
    assert wait(boot, "^web login: $") == (0, "booting\r\nweb login: ", "")


def test_in_vain() -> None:
    code, out, said = wait(boot, "^root#", "4s")
    assert (code, out) == (124, "booting\r\nweb login: ")
    assert said == (
        "error: `^root#` on the console of web did not come within 4 s; "
        "its last line was: web login: \n"
    )


def test_the_machine_ends_first() -> None:
    code, _, said = wait(halt, "login:")
    assert (code, said) == (1, "error: the console of web ended: it said no more\n")


def test_a_silent_console_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expecting, "_SILENCE", 0.01)
    assert wait(idle, "login:")[0] == 0


def test_no_expression() -> None:
    with pytest.raises(UsageError, match="invalid argument `\\(` for flag `--wait-for`"):
        pattern("(")
