"""A job's directory."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from virtctl.errors import LocalError
from virtctl.local.imports.job import SUCCEEDED, Desk, Job, Source, State

JOB = Job(name="default/a", target="/x", capacity=5, source=Source(kind="blank"))


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "jobs" / "uid")
    desk.assign(JOB)
    assert desk.job() == JOB
    assert desk.state() == State()
    assert stat.S_IMODE((desk.root / "job.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.root.stat().st_mode) == 0o700


def test_the_last_word_is_kept_until_the_next_job(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tell(State(phase=SUCCEEDED, progress=1.0))
    assert desk.state().phase == SUCCEEDED
    desk.assign(JOB)
    assert desk.state() == State()


def test_half_a_job_is_none(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{")
    (tmp_path / "state.json").write_text("{")
    assert Desk(tmp_path).state() == State()
    with pytest.raises(LocalError, match="cannot be read"):
        Desk(tmp_path).job()
