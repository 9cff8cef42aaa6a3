import os
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.env import FakeProcesses, fake_env
from virtctl.cli.env import Env, RealProcesses, process_env, program_name


@pytest.mark.parametrize(
    ("argv0", "name"),
    [
        ("virtctl", "virtctl"),
        ("/usr/bin/kubectl-virt", "kubectl virt"),
        ("oc-virt", "oc virt"),
        ("virtctl/__main__.py", "virtctl"),
    ],
)
def test_we_are_called_by_many_names(argv0: str, name: str) -> None:
    assert program_name(argv0) == name


def test_paths_are_made_absolute() -> None:
    env = fake_env({"HOME": "/h/me"}, cwd="/here")
    assert env.path("a/../b") == "/here/b"
    assert env.path("~/x") == "/h/me/x"
    assert env.path("/x") == "/x"
    assert env.home == "/h/me"


def test_a_child_can_call_us_from_anywhere() -> None:
    assert fake_env().self_argv == ("/usr/bin/virtctl",)
    env = fake_env(processes=FakeProcesses(("virtctl",)))
    env.argv0 = "virtctl"
    assert env.self_argv == ("/usr/bin/virtctl",)
    env.argv0 = "virtctl/__main__.py"
    assert env.self_argv == (sys.executable, "-m", "virtctl")


def test_this_process_has_surroundings() -> None:
    env = process_env()
    assert isinstance(env, Env)
    assert env.cwd == str(Path.cwd())
    assert not env.is_tty(fake_env().stdout)


def test_real_children() -> None:
    processes = RealProcesses()
    environ = {"PATH": os.environ["PATH"], "WORD": "hi"}
    done = processes.capture(["sh", "-c", "cat; echo $WORD; echo bad >&2; exit 3"], environ, b"in ")
    assert (done.code, done.stdout, done.stderr) == (3, b"in hi\n", b"bad\n")
    assert processes.attach(["sh", "-c", "exit 5"], environ) == 5
    assert processes.attach(["sh", "-c", "kill -9 $$"], environ) == 137
    assert processes.which("no-such-program-here") is None


def test_a_child_in_the_background(tmp_path: Path) -> None:
    told = tmp_path / "told"
    words = ["sh", "-c", 'echo "$1" >"$2.new"; mv "$2.new" "$2"', "sh", "done", str(told)]
    RealProcesses().background(words, os.environ)
    for _ in range(200):
        if told.exists():
            break
        time.sleep(0.02)
    assert told.read_text() == "done\n"


def test_programs_are_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").write_text("")
    (tmp_path / "tool").write_text("")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.setenv("PATH", f"/nonexistent:{tmp_path}")
    processes = RealProcesses()
    assert processes.which("tool") == str(tmp_path / "tool")
    assert processes.which("plain") is None
    assert processes.which(str(tmp_path / "tool")) == str(tmp_path / "tool")
