import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from launcher.errors import HypervisorError
from launcher.guest.protocol import JsonValue
from launcher.layout import MachineLayout
from launcher.state import MachineState, Stage
from launcher.system.arrival import Arrival
from launcher.system.control import Command, ControlServer
from launcher.system.departure import Departure, MoveOrder
from launcher.system.hypervisor import Sending
from launcher.system.ledger import Ledger
from tests.fakes.hypervisor import FakeHypervisor

DONE = Sending("completed", total=9, downtime=4)


@dataclass
class Home:
    """A machine whose guest may leave."""

    ledger: Ledger
    hypervisor: FakeHypervisor
    still: asyncio.Lock = field(default_factory=asyncio.Lock)
    left: bool = False
    tasks: list[asyncio.Task] = field(default_factory=list)

    async def leave(self) -> None:
        self.left = True

    def later(self, seconds: float, action: Callable[[], Awaitable[object]]) -> asyncio.Task:
        async def act() -> None:
            await action()

        self.tasks.append(asyncio.create_task(act()))
        return self.tasks[-1]


@dataclass
class Target:
    """A launcher that waits for a guest. ``deaf`` is a command that it never answers well."""

    place: MachineLayout
    ledger: Ledger
    arrival: Arrival
    hypervisor: FakeHypervisor
    deaf: str = ""

    async def __call__(self, command: Command, arguments: Mapping[str, JsonValue]) -> JsonValue:
        if command == self.deaf:
            raise HypervisorError("no")
        if command is Command.RECEIVE:
            await self.arrival.receive(str(arguments["xml"]))
        elif command is Command.ARRIVE:
            await self.arrival.arrive()
        else:
            await self.arrival.take_over(running=bool(arguments["running"]))
        return None


def home(tmp_path: Path, *sent: Sending) -> Home:
    state = MachineState(uid="u", stage=Stage.RUNNING)
    hypervisor = FakeHypervisor(lambda _: None, sent=list(sent), status="postmigrate")
    return Home(Ledger(state, tmp_path / "home.json"), hypervisor)


@asynccontextmanager
async def target(tmp_path: Path, deaf: str = "") -> AsyncIterator[Target]:
    place = MachineLayout(root=tmp_path / "t", uid="u", caps_cache=tmp_path)
    place.control.parent.mkdir(parents=True)
    ledger = Ledger(MachineState(uid="u", stage=Stage.PREPARING), place.state)
    made = Target(
        place, ledger, Arrival(ledger, place.stream), FakeHypervisor(lambda _: None), deaf
    )
    server = ControlServer(made, ledger)
    await server.open(place.control)
    waiting = asyncio.create_task(made.arrival.wait(made.hypervisor))
    await ledger.reach(Stage.WAITING)
    try:
        yield made
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await server.close()


def order(there: Target, **changes: object) -> MoveOrder:
    return MoveOrder(id="m", target=str(there.place.root), **changes)


async def test_a_guest_that_has_been_sent_goes_on_there(tmp_path: Path) -> None:
    here = home(tmp_path, Sending("active", 5, 9), DONE)
    departure = Departure(here)
    async with target(tmp_path) as there:
        departure.begin(order(there, bandwidth=7))
        with pytest.raises(HypervisorError, match="already"):
            departure.begin(order(there))
        await here.tasks[0]
        assert there.ledger.state.came > 0
        assert there.hypervisor.calls == ["define", "resume"]
    assert here.left
    assert here.hypervisor.calls == ["send 7 False"]
    move = here.ledger.state.move
    assert move is not None
    assert (move.gone, move.failed, move.downtime, move.mode) == (True, False, 4, "PreCopy")


@pytest.mark.parametrize(
    ("sent", "deaf", "why"),
    [
        (Sending("failed", error="broken"), "", "broken"),
        (DONE, "receive", "no"),
        (DONE, "arrive", "no"),
        (DONE, "take-over", "no"),
    ],
)
async def test_a_guest_that_cannot_go_stays_and_runs(
    tmp_path: Path, sent: Sending, deaf: str, why: str
) -> None:
    here = home(tmp_path, sent)
    here.hypervisor.resume = lambda: setattr(here.hypervisor, "status", "running")
    departure = Departure(here)
    async with target(tmp_path, deaf) as there:
        departure.begin(order(there))
        await here.tasks[0]
    move = here.ledger.state.move
    assert move is not None
    assert (move.failed, move.reason) == (True, why)
    assert not here.left
    assert not departure.under_way
    if deaf != "receive":
        assert here.hypervisor.status == "running"


async def test_a_guest_whose_new_home_ends_after_it_took_over_has_gone(tmp_path: Path) -> None:
    here = home(tmp_path, DONE)
    async with target(tmp_path, "take-over") as there:
        there.ledger.update(came=1.0)
        Departure(here).begin(order(there))
        await here.tasks[0]
    assert here.left


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"completion": 0.01}, "Live migration is not completed after 0.01 seconds"),
        ({"progress": 0.01}, "Live migration stuck for 0.01 seconds"),
    ],
)
async def test_a_guest_that_takes_too_long_stays(
    tmp_path: Path, changes: dict[str, float], why: str
) -> None:
    here = home(tmp_path, Sending("active", 5, 9))
    here.hypervisor.resume = lambda: setattr(here.hypervisor, "status", "running")
    async with target(tmp_path) as there:
        Departure(here).begin(order(there, **changes))
        await here.tasks[0]
    move = here.ledger.state.move
    assert move is not None
    assert move.failed
    assert move.reason.startswith(why)
    assert "stop sending" in here.hypervisor.calls


async def test_a_guest_that_may_be_stopped_is_when_it_takes_too_long(tmp_path: Path) -> None:
    here = home(tmp_path, *[Sending("active", 5, 9)] * 8, DONE)
    async with target(tmp_path) as there:
        Departure(here).begin(order(there, completion=0.6, disrupt=True))
        await here.tasks[0]
    assert "suspend" in here.hypervisor.calls
    assert here.left
    assert here.ledger.state.move is not None
    assert here.ledger.state.move.mode == "Paused"


async def test_who_asks_keeps_the_guest(tmp_path: Path) -> None:
    here = home(tmp_path, Sending("active", 5, 9))
    departure = Departure(here)
    with pytest.raises(HypervisorError, match="not being moved"):
        departure.stay()
    here.hypervisor.resume = lambda: setattr(here.hypervisor, "status", "running")
    async with target(tmp_path) as there:
        departure.begin(order(there))
        departure.stay()
        await here.tasks[0]
    assert here.ledger.state.move is not None
    assert here.ledger.state.move.reason == "migration aborted"
