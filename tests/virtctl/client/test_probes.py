import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.env import SessionAt
from tests.fakes.sockets import stream_server
from virtctl.client import probes
from virtctl.client.probes import ssh_problem


async def ask(session_at: SessionAt, said: bytes | None, monkeypatch: pytest.MonkeyPatch) -> str:
    async def talk(connection: ServerConnection) -> None:
        if said is None:
            await connection.wait_closed()
        elif said:
            await connection.send(said[:2])
            await connection.send(said[2:])

    monkeypatch.setattr(probes, "_BANNER_SECONDS", 0.1 if said is None else 60)
    with stream_server(talk) as server:
        return await ssh_problem(session_at(server.url).rest, "default", "web", 22)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"SSH-2.0-x\r\n", ""),
        (b"HTTP/1.1", "port 22 does not speak ssh"),
        (b"", "port 22 is closed"),
        (None, "port 22 is open but silent"),
    ],
)
async def test_what_answers(
    session_at: SessionAt, said: bytes | None, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ask(session_at, said, monkeypatch) == problem


async def test_a_refusal_is_a_reason(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(409, "VMI is not started")]
        found = await ssh_problem(session_at(server.url).rest, "default", "web", 22)
    assert found == "port 22: VMI is not started"
