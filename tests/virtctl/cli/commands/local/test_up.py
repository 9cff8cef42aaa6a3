import os
from pathlib import Path

import pytest
import yaml

from tests.fakes.env import Ran, virtctl
from tests.fakes.kept import instance
from virtctl.local.daemon import process
from virtctl.version import VERSION

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="refuses at once without root")


def up(tmp_path: Path, *words: str) -> Ran:
    environ = {"KUBECONFIG": str(tmp_path / "mine")}
    directory = str(tmp_path / "instance")
    return virtctl("local", "up", "--dir", directory, *words, environ=environ)


def test_what_runs_stays_and_the_context_is_there(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance", "https://127.0.0.1:6443")
    process.write_identity(layout, VERSION)
    ran = up(tmp_path)
    assert ran.code == 0
    assert ran.out == ("control plane already running: https://127.0.0.1:6443, 1 node(s) ready\n")
    assert ran.err == f"context virtctl-local is current in {tmp_path / 'mine'}\n"
    assert yaml.safe_load((tmp_path / "mine").read_text())["current-context"] == "virtctl-local"


def test_other_settings_are_refused(tmp_path: Path) -> None:
    process.write_identity(instance(tmp_path / "instance"), VERSION)
    ran = up(tmp_path, "--nodes", "2")
    assert (ran.code, ran.out) == (1, "")
    assert "`--nodes` 1, not 2" in ran.err
    assert not (tmp_path / "mine").exists()


def test_a_kubeconfig_that_is_none_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("just words\n")
    ran = up(tmp_path)
    assert ran.code == 1
    assert "is not a kubeconfig" in ran.err
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--emulation", "sometimes"), 2, "must be one of auto, always, never"),
        (("--nodes", "many"), 2, "--nodes"),
        (("--nodes", "0"), 2, "must be from 1 to 16"),
        (("--listen", "6443"), 2, "HOST:PORT"),
    ],
)
def test_bad_wishes(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    ran = up(tmp_path, *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not (tmp_path / "instance").exists()
