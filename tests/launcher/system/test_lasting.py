import os
from pathlib import Path

import pytest

from launcher.system import lasting, process
from launcher.system.lasting import Lasting

SLEEPER = ("sleep", "600")
DEAF = ("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done")


def test_a_reused_pid_is_another_process(tmp_path: Path) -> None:
    child = process.spawn(SLEEPER, log=tmp_path / "out")
    known = lasting.note(child.pid)
    try:
        assert lasting.runs(known)
        assert not lasting.runs(Lasting(pid=child.pid, started=known.started + 1))
        assert not lasting.runs(None)
    finally:
        lasting.end(known, 60)
    assert not lasting.runs(known)
    assert process.start_time(child.pid) is None


def test_one_that_has_ended_does_not_run(tmp_path: Path) -> None:
    child = process.spawn(("true",), log=tmp_path / "out")
    child.wait(60)
    known = lasting.note(child.pid)
    lasting.end(known, 60)
    assert not lasting.runs(known)


@pytest.mark.timeout(300)
def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = process.spawn(DEAF, log=tmp_path / "out")
    while not (tmp_path / "out").read_text():
        assert process.start_time(child.pid) is not None
    known = lasting.note(child.pid)
    lasting.end(known, 0.05)
    if lasting.runs(known):  # a busy machine has not let it die within that
        lasting.end(known, 60)
    assert not lasting.runs(known)


def test_it_is_reaped(tmp_path: Path) -> None:
    child = process.spawn(SLEEPER, log=tmp_path / "out")
    lasting.end(lasting.note(child.pid), 60)
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, 0)
