import asyncio
from pathlib import Path

from launcher import state as states
from launcher.state import MachineState, Stage
from launcher.system.ledger import Ledger

FIRST = MachineState(uid="u", stage=Stage.PREPARING)


def ledger(tmp_path: Path) -> Ledger:
    times = iter(range(100, 200))
    return Ledger(FIRST, tmp_path / "state.json", lambda: float(next(times)))


def on_disk(tmp_path: Path) -> MachineState:
    return states.decode((tmp_path / "state.json").read_bytes())


async def test_a_change_is_on_disk_with_a_higher_serial(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    assert on_disk(tmp_path).serial == 1
    book.update(stage=Stage.RUNNING)
    assert on_disk(tmp_path) == book.state
    assert (book.state.serial, book.state.since) == (2, 101.0)


async def test_no_change_is_no_news(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.update(stage=Stage.PREPARING)
    book.note("a")
    book.note("a")
    assert (book.state.serial, book.state.notes) == (2, ("a",))


async def test_the_time_is_that_of_the_stage(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.update(boot_count=1)
    assert book.state.since == 100.0


async def test_listeners_get_states_up_to_the_final_one(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    seen: list[Stage] = []

    async def listen() -> None:
        seen.extend([state.stage async for state in book.states()])

    task = asyncio.create_task(listen())
    for stage in (Stage.RUNNING, Stage.SHUT_OFF):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        book.update(stage=stage)
    await asyncio.wait_for(task, 60)
    assert seen == [Stage.PREPARING, Stage.RUNNING, Stage.SHUT_OFF]


async def test_reach_waits_for_a_stage(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    task = asyncio.create_task(book.reach(Stage.PAUSED, Stage.SHUT_OFF))
    await asyncio.sleep(0)
    book.update(stage=Stage.PAUSED)
    assert (await asyncio.wait_for(task, 60)).stage is Stage.PAUSED
