"""How a pod's first process begins; its whole life is seen in tests/vm."""

import json
import os
from pathlib import Path

import pytest

from launcher.system import init


def test_a_machine_that_was_not_prepared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init.main(tmp_path) == 1
    assert "cannot start the pod: [Errno 2]" in capsys.readouterr().err


def test_a_namespace_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"netns": "/run/netns/vt-none"}))
    assert init.main(tmp_path) == 1
    assert "no network namespace `/run/netns/vt-none`" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(0, 0), (3 << 8, 3), (9, 137)])
def test_it_ends_as_its_child_does(status: int, code: int) -> None:
    child = os.fork()
    if child == 0:
        if status == 9:
            os.kill(os.getpid(), 9)
        os._exit(status >> 8)
    assert init.reap_until(child) == code


def test_the_pid_is_kept_with_its_birth(tmp_path: Path) -> None:
    init._write_pid(tmp_path / "launcher.pid", os.getpid())
    pid, born = (tmp_path / "launcher.pid").read_text().split()
    assert int(pid) == os.getpid()
    assert int(born) > 0
    assert [path.name for path in tmp_path.iterdir()] == ["launcher.pid"]
