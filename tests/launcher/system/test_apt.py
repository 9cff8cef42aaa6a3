"""Sources of a directory like ``/etc/apt``; asking apt itself is in tests/vm, by building."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import apt


def test_portable_sources(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://a.example trixie main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/b.list").write_text("deb http://b.example ./\n")
    (tmp_path / "sources.list.d/c.list.disabled").write_text("deb http://c.example ./\n")
    assert apt.portable_sources(tmp_path) == (
        "deb http://b.example ./\ndeb http://a.example trixie main\n"
    )


def test_no_sources(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="names no package source that is reached by network"):
        apt.portable_sources(tmp_path)
