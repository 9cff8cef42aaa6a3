"""A daemon's process before it is one; real starts are in the ``host`` tests."""

import os
import signal
from pathlib import Path

import pytest

from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.daemon.starting import Start
from virtctl.local.layout import InstanceLayout


def children() -> set[str]:
    pid = os.getpid()
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_what_is_not_begun_leaves_nothing(tmp_path: Path) -> None:
    before = children()
    with Start(InstanceLayout(tmp_path), dict(os.environ)) as start:
        assert children() == before
        for _ in range(2):
            start.load()
        assert len(children() - before) == 1
    assert children() == before
    assert list(tmp_path.iterdir()) == []


def test_it_goes_away_with_who_started_it(tmp_path: Path) -> None:
    before = children()
    with Start(InstanceLayout(tmp_path), dict(os.environ)) as start:
        start.load()
        (pid,) = (int(child) for child in children() - before)
        assert start._waiting is not None
        os.close(start._waiting.word)
        start._waiting.word = os.dup(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_daemons_reason_is_told(tmp_path: Path) -> None:
    """A second start loads another one. The directory of the store cannot be one."""
    layout = InstanceLayout(tmp_path / "state")
    with Start(layout, dict(os.environ)) as start:
        layout.root.mkdir()
        layout.database.mkdir()
        process.write_config(layout, LocalConfig(pod_cidr="bad"))
        for _ in range(2):
            with pytest.raises(LocalError, match=r"bad"):
                start.begin()
    assert "cannot go on" in layout.log.read_text()


def test_an_end_without_a_reason_shows_the_log(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.log.write_text("what it said last\n")
    before = children()
    with Start(layout, dict(os.environ)) as start:
        start.load()
        (pid,) = (int(child) for child in children() - before)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(LocalError, match=r"the daemon ended: .*\nwhat it said last"):
            start.begin()


def test_nothing_starts_where_no_instance_is(tmp_path: Path) -> None:
    with (
        Start(InstanceLayout(tmp_path), dict(os.environ)) as start,
        pytest.raises(LocalError, match="there is no instance in"),
    ):
        start.begin()


def test_a_start_is_foreseen_where_nobody_is_noted(tmp_path: Path) -> None:
    before, layout = children(), InstanceLayout(tmp_path)
    layout.pid.write_text("noted")
    with Start(layout, dict(os.environ)) as start:
        start.foresee()
        assert children() == before
        layout.pid.unlink()
        start.foresee()
        assert len(children() - before) == (os.geteuid() == 0)
    assert children() == before
