import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.domain.savefile import head
from launcher.errors import HypervisorError
from launcher.state import MachineState, Stage
from launcher.system.arrival import Arrival
from launcher.system.ledger import Ledger
from tests.fakes.hypervisor import FakeHypervisor


def ledger(tmp_path: Path) -> Ledger:
    return Ledger(MachineState(uid="u", stage=Stage.PREPARING), tmp_path / "state.json")


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "guest.stream"
    yield path
    assert not list(tmp_path.glob("guest.*"))


@pytest.mark.parametrize("looks", [0, 1, 2])
async def test_a_guest_comes_however_often_its_head_is_read(
    tmp_path: Path, stream: Path, looks: int
) -> None:
    book = ledger(tmp_path)
    hypervisor = FakeHypervisor(lambda _: None, looks=looks)
    arrival = Arrival(book, stream)
    waiting = asyncio.create_task(arrival.wait(hypervisor))
    await book.reach(Stage.WAITING)
    await arrival.receive("<domain/>")
    writer = os.open(stream, os.O_WRONLY)
    os.write(writer, b"guest")
    os.close(writer)
    await arrival.arrive()
    assert hypervisor.came == head("<domain/>") + b"guest"
    assert book.state.came == 0
    await arrival.take_over(running=True)
    await waiting
    assert book.state.came > 0
    assert hypervisor.calls == ["define", "resume"]


async def test_a_stream_that_ends_early_brings_nobody(tmp_path: Path, stream: Path) -> None:
    book = ledger(tmp_path)
    arrival = Arrival(book, stream)
    waiting = asyncio.create_task(arrival.wait(FakeHypervisor(lambda _: None)))
    await book.reach(Stage.WAITING)
    await arrival.receive("<domain/>")
    with pytest.raises(HypervisorError, match="ended early"):
        await arrival.arrive()
    with pytest.raises(HypervisorError, match="ended early"):
        await waiting
    with pytest.raises(HypervisorError, match="does not wait"):
        await arrival.take_over(running=True)
    assert book.state.came == 0


async def test_who_does_not_wait_receives_nobody(tmp_path: Path, stream: Path) -> None:
    arrival = Arrival(ledger(tmp_path), stream)
    with pytest.raises(HypervisorError, match="does not wait"):
        await arrival.receive("<domain/>")
    with pytest.raises(HypervisorError, match="does not wait"):
        await arrival.arrive()
