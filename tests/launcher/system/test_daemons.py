import os
import signal
import time
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import daemons
from launcher.system.daemons import Daemon


def listening(path: Path) -> Daemon:
    code = f"import pathlib, time; pathlib.Path({str(path)!r}).touch(); time.sleep(600)"
    return Daemon("one", ("python3", "-c", code), path)


def test_a_program_is_started_once_and_again_when_it_died(tmp_path: Path) -> None:
    one = listening(tmp_path / "there")
    try:
        assert daemons.ensure(tmp_path, one)
        assert not daemons.ensure(tmp_path, one)
        first = daemons.running(tmp_path)["one"]
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while daemons.running(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert daemons.ensure(tmp_path, one)
        assert daemons.running(tmp_path)["one"] != first
    finally:
        daemons.stop(tmp_path)
    assert daemons.running(tmp_path) == {}
    daemons.stop(tmp_path)


def test_one_that_does_not_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    bad = Daemon("bad", ("python3", "-c", "raise SystemExit('no way')"), tmp_path / "never")
    with pytest.raises(HostError, match="`bad` did not start: no way"):
        daemons.ensure(tmp_path, bad)
