"""``image list`` in its formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.fakes.env import virtctl

NAMES = ("b", "a")


@pytest.fixture
def instance(tmp_path: Path) -> str:
    for name in NAMES:
        (tmp_path / f"{name}.img").write_bytes(name.encode() * 4096)
        virtctl("image", "import", str(tmp_path / f"{name}.img"), f"--dir={tmp_path / 'i'}")
    return str(tmp_path / "i")


def test_table(instance: str) -> None:
    ran = virtctl("image", "list", "--dir", instance)
    assert ran.code == 0
    head, first, second = ran.out.splitlines()
    assert head.split() == ["NAME", "FORMAT", "SIZE", "ON", "DISK", "AGE", "SOURCE"]
    assert first.startswith("a      raw      4.0 KiB")
    assert second.startswith("b ")


def test_documents(instance: str) -> None:
    found = json.loads(virtctl("image", "list", "--dir", instance, "-o", "json").out)
    assert [each["name"] for each in found] == ["a", "b"]
    assert found[0]["virtualSize"] == 4096
    assert found[0]["digest"].startswith("sha256:")
    assert yaml.safe_load(virtctl("image", "list", "--dir", instance, "-o", "yaml").out) == found
    assert virtctl("image", "list", "--dir", instance, "-o", "name").out == "a\nb\n"


def test_noop(tmp_path: Path) -> None:
    ran = virtctl("image", "list", "--dir", str(tmp_path / "none"))
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"no images in {tmp_path / 'none'}/images\n"
    assert virtctl("image", "list", "--dir", str(tmp_path), "-o", "json").out == "[]\n"
    assert not (tmp_path / "none").exists()
