import pytest

from tests.fakes.env import SessionAt
from tests.fakes.sockets import stream_server
from virtctl.cli import dialing
from virtctl.cli.dialing import when_running
from virtctl.errors import BadRequest, NotFound, WaitTimeout


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing, "_PAUSE", 0.01)


async def test_it_waits_while_the_machine_is_not_up(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(400, "VMI is not running")] * 2
        session = session_at(server.url)
        stream = await when_running(session, "web", "/console", "1")
        await stream.close()
    assert len(server.paths) == 3
    assert session.env.stderr.getvalue() == "waiting for VM web: VMI is not running\n"


@pytest.mark.parametrize(
    ("refusal", "patience", "kind"),
    [
        ((400, "VMI is not running"), "0", BadRequest),
        ((400, "No serial consoles are present."), "5", BadRequest),
        ((404, "nothing"), "5", NotFound),
    ],
)
async def test_what_is_not_waited_for(
    session_at: SessionAt, refusal: tuple[int, str], patience: str, kind: type[Exception]
) -> None:
    with stream_server() as server:
        server.refusals = [refusal]
        with pytest.raises(kind):
            await when_running(session_at(server.url), "web", "/console", patience)
    assert len(server.paths) == 1


async def test_patience_ends(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(400, "VMI is not running")] * 1000
        with pytest.raises(WaitTimeout, match="the last answer was: VMI is not running"):
            await when_running(session_at(server.url), "web", "/console", "20ms")
