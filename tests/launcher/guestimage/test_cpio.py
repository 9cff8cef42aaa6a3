"""Archives as the kernel unpacks them; the reader here is busybox's."""

from __future__ import annotations

from pathlib import Path

from launcher.guestimage import cpio
from launcher.system import process

ENTRIES = [
    cpio.file("etc/deep/file", b"content", 0o600),
    cpio.symlink("link", "etc/deep/file"),
    cpio.directory("tmp", 0o1777),
    cpio.file("bin/su", b"x", 0o4755),
    cpio.file("empty", b""),
]


def test_archive_can_be_unpacked(tmp_path: Path) -> None:
    data = cpio.archive(cpio.with_parents(ENTRIES))
    process.run(["busybox", "cpio", "-i", "--quiet"], input=data, cwd=tmp_path)
    found = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*")}
    assert sorted(found) == [
        "bin",
        "bin/su",
        "empty",
        "etc",
        "etc/deep",
        "etc/deep/file",
        "link",
        "tmp",
    ]
    assert found["etc/deep/file"].read_bytes() == b"content"
    assert found["etc/deep/file"].stat().st_mode & 0o7777 == 0o600
    assert str(found["link"].readlink()) == "etc/deep/file"
    assert found["tmp"].stat().st_mode & 0o7777 == 0o1777
    assert found["empty"].read_bytes() == b""


def test_header_has_the_mode_bits() -> None:
    data = cpio.archive([cpio.file("bin/su", b"x", 0o4755)])
    assert data.startswith(b"070701" + b"00000001" + b"000089ED")
    assert len(data) % 512 == 0


def test_equal_entries_make_equal_bytes() -> None:
    assert cpio.archive(ENTRIES) == cpio.archive(list(ENTRIES))


def test_parents_come_first_and_the_last_entry_of_a_path_counts() -> None:
    entries = cpio.with_parents([cpio.file("a/b", b"1"), cpio.file("a/b", b"2")])
    assert [entry.path for entry in entries] == ["a", "a/b"]
    assert entries[1].data == b"2"
    assert entries[0] == cpio.directory("a")


def test_noop() -> None:
    assert cpio.with_parents([]) == []
    assert b"TRAILER!!!" in cpio.archive([])
