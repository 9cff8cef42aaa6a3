"""The guest's root out of parts that stand for real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import launcher.guestimage
from launcher.guestimage import tiny
from launcher.system import process

ROOTFS = Path(launcher.guestimage.__file__).parent / "rootfs"
SCRIPTS = [
    path
    for path in sorted(ROOTFS.rglob("*"))
    if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh")
]

PARTS = tiny.Parts(
    programs={program.path: program.path.encode() for program in tiny.PROGRAMS},
    libraries={"libc.so.6": b"libc", "/lib64/ld-linux-x86-64.so.2": b"loader"},
    modules={"always": {"failover": b"1", "net_failover": b"2"}, "late": {}},
    files={"etc/shadow": b"secret", "etc/init.d/rcS": b"#!/bin/sh\n"},
)


def unpack(data: bytes, target: Path) -> None:
    process.run(["busybox", "cpio", "-i", "--quiet"], input=data, cwd=target)


def test_root(tmp_path: Path) -> None:
    unpack(tiny.initramfs(PARTS), tmp_path)
    assert (tmp_path / "bin/busybox").stat().st_mode & 0o7777 == 0o4755
    assert str((tmp_path / "init").readlink()) == "bin/busybox"
    assert (tmp_path / "lib/modules/always").read_text() == "failover.ko\nnet_failover.ko\n"
    assert (tmp_path / "lib/modules/late").read_text() == ""
    assert (tmp_path / "lib/modules/failover.ko").read_bytes() == b"1"
    assert (tmp_path / "usr/lib/libc.so.6").read_bytes() == b"libc"
    assert (tmp_path / "lib64/ld-linux-x86-64.so.2").read_bytes() == b"loader"
    assert (tmp_path / "etc/shadow").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "etc/init.d/rcS").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777


def test_equal_parts_make_equal_bytes() -> None:
    assert tiny.initramfs(PARTS) == tiny.initramfs(PARTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_shell_and_executable(path: Path) -> None:
    process.run(["busybox", "sh", "-n", path])
    assert tiny.permissions(str(path.relative_to(ROOTFS))) == 0o755


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 7
    process.run(["busybox", "sh", "-n", ROOTFS / "usr/lib/tiny/functions"])
