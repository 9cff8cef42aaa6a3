from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.ops.links import AddLink, DeleteLink, SetUp
from launcher.system.journal import Begun, Finished, Journal, Progress

OPS = (AddLink(name="a", kind="bridge"), SetUp(name="a", up=True))
UNDO = ((DeleteLink(name="a"),), (SetUp(name="a", up=False), SetUp(name="b", up=False)))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "machine/journal.jsonl")


def test_a_journal_that_is_not_there_is_empty(journal: Journal) -> None:
    assert journal.entries() == ()
    assert journal.progress("net") is Progress.PENDING
    assert journal.to_undo("net") == ("", ())


def test_progress_goes_from_pending_to_finished(journal: Journal) -> None:
    journal.begin("net", OPS, UNDO, "pod")
    assert journal.progress("net") is Progress.STARTED
    journal.doing("net", 0)
    assert journal.progress("net") is Progress.STARTED
    journal.finish("net")
    assert journal.progress("net") is Progress.FINISHED


def test_plans_do_not_mix(journal: Journal) -> None:
    journal.begin("net", OPS, UNDO)
    journal.begin("disks", (), ())
    journal.finish("disks")
    assert journal.progress("net") is Progress.STARTED
    assert journal.progress("disks") is Progress.FINISHED


def test_what_was_begun_is_undone_last_first(journal: Journal) -> None:
    journal.begin("net", OPS, UNDO, "pod")
    assert journal.to_undo("net") == ("pod", ())
    journal.doing("net", 0)
    assert journal.to_undo("net") == ("pod", UNDO[0])
    journal.doing("net", 1)
    assert journal.to_undo("net") == ("pod", (*UNDO[1], *UNDO[0]))
    journal.undone("net")
    assert journal.to_undo("net") == ("pod", ())
    assert journal.progress("net") is Progress.PENDING


def test_another_process_reads_the_same(journal: Journal) -> None:
    journal.begin("net", OPS, UNDO, "pod")
    journal.finish("net")
    assert Journal(journal.path).entries() == (
        Begun(plan="net", netns="pod", ops=OPS, undo=UNDO),
        Finished(plan="net"),
    )


def test_a_line_cut_off_by_a_crash_is_left_out(journal: Journal) -> None:
    journal.begin("net", OPS, UNDO)
    with journal.path.open("ab") as file:
        file.write(b'{"event":"fin')
    assert journal.progress("net") is Progress.STARTED


def test_a_broken_journal_is_told(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"nonsense\n")
    with pytest.raises(HostError, match=r"journal\.jsonl` cannot be read"):
        journal.entries()
