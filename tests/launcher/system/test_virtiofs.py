"""Servers of shared directories; a guest that mounts one is in tests/vm."""

from pathlib import Path

import pytest

from launcher import layout
from launcher.errors import HostError
from launcher.spec import SharedDirectory
from launcher.system import virtiofs
from tests.fakes.specs import machine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("INSIDE_PRIVATE", "INSIDE_PUBLIC", "INSIDE_MACHINE"):
        monkeypatch.setattr(layout, name, tmp_path)
    (tmp_path / "virtiofs-containers").mkdir()
    return tmp_path


def test_without_shared_directories_nothing_runs(place: Path) -> None:
    virtiofs.Servers(machine(), 107).restart()
    assert list((place / "virtiofs-containers").iterdir()) == []


def test_a_server_that_ends_at_once_is_told_of(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = place / "virtiofsd"
    program.write_text("#!/bin/sh\necho no such directory; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(virtiofs, "_PROGRAM", program)
    servers = virtiofs.Servers(machine(shared_directories=(SharedDirectory(name="d"),)), 107)
    with pytest.raises(HostError, match="ended at once with 3"):
        servers.restart()
    assert "no such directory" in (place / "virtiofsd.log").read_text()


def test_where_there_is_none_the_package_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtiofs, "_PROGRAM", place / "absent")
    monkeypatch.setenv("PATH", str(place))
    servers = virtiofs.Servers(machine(shared_directories=(SharedDirectory(name="d"),)), 107)
    with pytest.raises(HostError) as caught:
        servers.restart()
    assert caught.value.hint == "install the package `virtiofsd`"
