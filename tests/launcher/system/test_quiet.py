"""Guests that keep quiet for a moment, and are never left so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from launcher.errors import AgentError, LauncherError
from launcher.guest import commands
from launcher.state import AgentState, Stage
from launcher.system.quiet import Quiet, quiet
from tests.fakes.specs import machine
from tests.launcher.system.test_machine import FakeSurroundings, Stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path, machine(), FakeSurroundings())
    await made.at(Stage.RUNNING)
    yield made
    made.machine.shut_down(0)
    await made.end()


def asked(stand: Stand, monkeypatch: pytest.MonkeyPatch, refuses: str = "") -> list[str]:
    """What the agent is asked for from now on; ``refuses`` names what it refuses once."""
    said: list[str] = []

    async def ask(command: commands.Command[int]) -> int:
        said.append(command.name)
        if command.name == refuses and said.count(refuses) == 1:
            raise AgentError("no")
        return 1

    async def look() -> None:
        said.append("status")

    monkeypatch.setattr(stand.machine.agent, "ask", ask)
    monkeypatch.setattr(stand.machine.poller, "ask_freeze_status", look)
    return said


FREEZE, THAW = "guest-fsfreeze-freeze", "guest-fsfreeze-thaw"


async def test_it_thaws_whatever_happens(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    said = asked(stand, monkeypatch)
    stand.ledger.update(agent=AgentState(connected=True))
    with suppress(LauncherError):
        async with quiet(stand.machine) as how:
            assert how is Quiet.FROZEN
            assert said == [FREEZE]
            raise LauncherError("a copy failed")
    assert said == [FREEZE, THAW, "status"]


async def test_it_is_asked_to_thaw_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    said = asked(stand, monkeypatch, THAW)
    stand.ledger.update(agent=AgentState(connected=True))
    async with quiet(stand.machine):
        pass
    assert said == [FREEZE, THAW, THAW, "status"]


async def test_a_guest_that_does_not_freeze(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    said = asked(stand, monkeypatch, FREEZE)
    stand.ledger.update(agent=AgentState(connected=True))
    async with quiet(stand.machine) as how:
        assert how is Quiet.FAILED
    assert said[-2:] == [THAW, "status"]


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"agent": AgentState()}, Quiet.NO_AGENT),
        ({"agent": AgentState(connected=True), "stage": Stage.PAUSED}, Quiet.PAUSED),
        ({"agent": AgentState(connected=True, frozen=True)}, Quiet.FROZEN),
    ],
)
async def test_guests_that_are_left_as_they_are(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], how: Quiet
) -> None:
    said = asked(stand, monkeypatch)
    stand.ledger.update(**changes)
    async with quiet(stand.machine) as found:
        assert found is how
    async with quiet(stand.machine, wanted=False) as found:
        assert found is Quiet.NOT_ASKED
    assert said == []
    stand.ledger.update(stage=Stage.RUNNING)
