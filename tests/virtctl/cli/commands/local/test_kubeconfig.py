from pathlib import Path

import yaml

from tests.fakes.env import virtctl
from tests.fakes.kept import instance, kubeconfig


def test_it_is_printed_as_yaml(tmp_path: Path) -> None:
    instance(tmp_path, "https://127.0.0.1:6443", authority="ours")
    ran = virtctl("local", "kubeconfig", "--dir", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("apiVersion: v1\n")
    assert yaml.safe_load(ran.out) == kubeconfig("https://127.0.0.1:6443", "ours")


def test_it_is_merged(tmp_path: Path) -> None:
    instance(tmp_path / "instance", "https://127.0.0.1:6443")
    environ = {"KUBECONFIG": str(tmp_path / "mine")}
    ran = virtctl(
        "local", "kubeconfig", "--merge", "--dir", str(tmp_path / "instance"), environ=environ
    )
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"context virtctl-local is current in {tmp_path / 'mine'}\n"
    assert yaml.safe_load((tmp_path / "mine").read_text())["current-context"] == "virtctl-local"


def test_no_instance(tmp_path: Path) -> None:
    ran = virtctl("local", "kubeconfig", "--dir", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert "hint: start one with `virtctl local up`" in ran.err
