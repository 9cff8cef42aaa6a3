import os
from pathlib import Path

import pytest

from launcher import cli, lifecycle
from launcher.facts import HostFacts
from launcher.layout import MachineLayout
from tests.fakes.specs import UID, machine


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = MachineLayout(root=tmp_path / "vm", uid=UID, caps_cache=tmp_path / "cache")
    lifecycle.prepare(machine(), place, HostFacts(qemu_user=os.getuid()))
    return place.root


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["launcher", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_plan_prints_the_domain(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", str(directory)) == 0
    assert "<name>default_fedora-0</name>" in capsys.readouterr().out


def test_status_of_a_machine_that_never_ran(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "status", str(directory)) == 0
    assert capsys.readouterr().out == "{}\nthe launcher has ended\n"


def test_asking_nobody(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "ask", str(directory), "state") == 1
    assert capsys.readouterr().err.startswith("error: nothing answers at")


def test_down_removes_the_machine(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "down", str(directory)) == 0
    assert not directory.exists()
