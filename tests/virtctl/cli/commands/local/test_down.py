import json
from pathlib import Path

import pytest

from tests.fakes.env import Ran, virtctl
from tests.fakes.kept import instance, kubeconfig


def down(tmp_path: Path, *words: str) -> Ran:
    environ = {"KUBECONFIG": str(tmp_path / "mine")}
    directory = str(tmp_path / "instance")
    return virtctl("local", "down", "--dir", directory, *words, environ=environ)


@pytest.mark.parametrize("words", [(), ("--delete",)])
def test_nothing_where_nothing_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = down(tmp_path, *words)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"nothing runs in {tmp_path / 'instance'}\n"


def test_other_directories_are_refused(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "thesis.tex").touch()
    ran = down(tmp_path, "--delete")
    assert ran.code == 1
    assert "holds no instance" in ran.err


def test_a_grace_that_is_none(tmp_path: Path) -> None:
    ran = down(tmp_path, "--grace", "long")
    assert ran.code == 2
    assert "`long`" in ran.err


@pytest.mark.host
def test_a_deleted_instance_takes_its_context_along(tmp_path: Path) -> None:
    instance(tmp_path / "instance", authority="ours")
    mine = tmp_path / "mine"
    mine.write_text(json.dumps(kubeconfig("https://127.0.0.1:1", "ours")))
    ran = down(tmp_path, "--delete")
    assert (ran.code, ran.out) == (0, "removed\n")
    assert ran.err == f"context virtctl-local is removed from {mine}\n"
    assert "virtctl-local" not in mine.read_text()
    assert not (tmp_path / "instance").exists()


@pytest.mark.host
def test_another_instances_context_stays(tmp_path: Path) -> None:
    instance(tmp_path / "instance", authority="ours")
    mine = tmp_path / "mine"
    mine.write_text(json.dumps(kubeconfig("https://127.0.0.1:1", "theirs")))
    assert down(tmp_path, "--delete").err == ""
    assert "virtctl-local" in mine.read_text()
