"""The recipe's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.guestimage import bootdisk, debian


def test_bootstrap() -> None:
    argv = debian.bootstrap_argv("trixie", "linux-image-cloud-amd64", Path("/x/root"))
    assert argv[0] == "mmdebstrap"
    assert argv[-3:] == ["trixie", "/x/root", "-"]
    include = next(word for word in argv if word.startswith("--include="))
    assert include.endswith(",linux-image-cloud-amd64")
    assert "cloud-init" in include.split(",")


def test_root_file_system() -> None:
    layout = bootdisk.lay_out(0, debian.ROOT_BYTES)
    argv = debian.root_file_system_argv(Path("/x/root"), Path("/x/disk"), layout)
    assert argv[-4:] == ["-E", f"offset={49 << 20}", "/x/disk", "4194304k"]
    with pytest.raises(ValueError, match="no root partition"):
        debian.root_file_system_argv(Path(), Path(), bootdisk.lay_out(0))


def test_suite() -> None:
    assert debian.suite_of('ID=debian\nVERSION_CODENAME="trixie"\n') == "trixie"
    with pytest.raises(ValueError, match="VERSION_CODENAME"):
        debian.suite_of("ID=x\n")
