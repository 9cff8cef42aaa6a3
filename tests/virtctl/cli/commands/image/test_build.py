"""``image build``; a real build is in tests/vm."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.env import virtctl


def test_unknown_recipe(tmp_path: Path) -> None:
    ran = virtctl("image", "build", "gone", "--dir", str(tmp_path / "i"))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: there is no recipe `gone`; there are `tiny`, `debian`\n"
    assert not list(tmp_path.iterdir())
