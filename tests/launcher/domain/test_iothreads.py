"""Threads for disk I/O."""

import pytest

from launcher.domain import iothreads
from launcher.domain.iothreads import Threads
from launcher.spec import IoThreads
from tests.fakes.machines import disk, inputs, machine

SHARED, AUTO = IoThreads(policy="shared"), IoThreads(policy="auto", limit=4)


@pytest.mark.parametrize(
    ("asked", "shared", "own", "expected"),
    [
        (IoThreads(), 2, 0, Threads(0, 0)),
        (IoThreads(), 1, 1, Threads(1, 1)),
        (SHARED, 3, 0, Threads(1, 0)),
        (SHARED, 3, 2, Threads(1, 2)),
        (AUTO, 2, 0, Threads(2, 0)),
        (AUTO, 9, 0, Threads(4, 0)),
        (AUTO, 9, 3, Threads(1, 3)),
        (IoThreads(policy="supplementalPool", pool=5), 2, 0, Threads(5, 0)),
    ],
)
def test_count(asked: IoThreads, shared: int, own: int, expected: Threads) -> None:
    listed = [disk(f"s{n}") for n in range(shared)]
    listed += [disk(f"d{n}", dedicated_io_thread=True) for n in range(own)]
    assert iothreads.count(machine(io_threads=asked, disks=tuple(listed))) == expected


def test_shared_threads_take_turns_and_dedicated_ones_come_after() -> None:
    listed = (disk("a"), disk("b", dedicated_io_thread=True), disk("c"), disk("d"))
    asked = IoThreads(policy="auto", limit=3)
    found = iothreads.assign(inputs(io_threads=asked, disks=listed))
    assert {name: thread for name, (_, thread) in found.items()} == {
        "a": "1", "b": "3", "c": "2", "d": "1",
    }  # fmt: skip


def test_only_virtio_disks_have_threads() -> None:
    assert iothreads.assign(inputs(io_threads=SHARED, disks=(disk(bus="sata"),))) == {}


def test_total() -> None:
    assert iothreads.total(inputs()) == ()
    (found,) = iothreads.total(inputs(io_threads=SHARED, disks=(disk(),)))
    assert found.text == "1"


def test_a_dedicated_scsi_disk_gives_its_controller_a_thread() -> None:
    wanted = disk(bus="scsi", dedicated_io_thread=True)
    assert iothreads.scsi_controller_thread(machine(disks=(wanted,))) == ""
    assert iothreads.scsi_controller_thread(machine(disks=(wanted, disk("a")))) == "1"
    auto = IoThreads(policy="auto", limit=8)
    three = (wanted, disk("a"), disk("b", bus="sata"))
    assert iothreads.scsi_controller_thread(machine(disks=three, io_threads=auto)) == "2"
    assert iothreads.scsi_controller_thread(machine(disks=(disk(),))) == ""


@pytest.mark.parametrize(
    ("policy", "limit", "dedicated", "others", "shared"),
    [
        ("", 1, 1, 0, 0),
        ("", 1, 2, 0, 1),
        ("auto", 2, 1, 0, 0),
        ("auto", 2, 1, 3, 1),
        ("auto", 8, 2, 3, 3),
        ("shared", 1, 0, 3, 1),
    ],
)
def test_how_many_are_shared(policy, limit, dedicated, others, shared) -> None:
    own = [disk(f"o{n}", dedicated_io_thread=True) for n in range(dedicated)]
    rest = [disk(f"r{n}") for n in range(others)]
    asked = IoThreads(policy=policy, limit=limit)
    found = iothreads.count(machine(disks=(*own, *rest), io_threads=asked))
    assert (found.shared, found.dedicated) == (shared, dedicated)
