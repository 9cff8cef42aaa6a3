import os
import stat
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import files


def test_a_file_is_written_with_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a/b/file"
    old = os.umask(0o077)
    try:
        files.write(path, "text", mode=0o644)
    finally:
        os.umask(old)
    assert path.read_text() == "text"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    files.write(path, b"other")
    assert path.read_bytes() == b"other"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "directory"
    target.mkdir()
    (target / "inside").touch()
    with pytest.raises(HostError, match=r"cannot write .*directory"):
        files.write(target, "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["directory"]


def test_lines_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    files.append(path, b"one\n")
    files.append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    with pytest.raises(HostError, match="cannot write"):
        files.append(tmp_path / "none/log", b"")


def test_directories_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "a/b"
    files.make_directory(path, mode=0o700)
    files.make_directory(path, mode=0o755)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot make the directory"):
        files.make_directory(tmp_path / "file")


def test_removal_of_files_trees_and_nothing(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "a/b").mkdir(parents=True)
    (tree / "a/file").touch()
    files.remove(tree)
    files.remove(tree)
    assert not tree.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/link").symlink_to(kept)
    files.remove(tmp_path / "link")
    files.remove(tmp_path / "tree")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="`/proc` is not removed: `/proc` is mounted in it"):
        files.remove(Path("/proc"))


def test_mounts_are_found_below_a_path() -> None:
    assert Path("/proc") in files.mounts_below(Path("/"))
    assert files.mounts_below(Path("/proc/self/fd")) == ()


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    again = files.lock(path, wait=False)
    with files.lock(path), pytest.raises(HostError, match="is locked by another process"), again:
        pass
    with files.lock(path, wait=False):
        pass


def test_a_directory_can_be_locked(tmp_path: Path) -> None:
    again = files.lock(tmp_path, wait=False)
    with files.lock(tmp_path), pytest.raises(HostError, match="is locked"), again:
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_all_may_read_and_a_directory_that_few_may_search(tmp_path: Path) -> None:
    image, absent = tmp_path / "image", tmp_path / "absent"
    image.touch(mode=0o600)
    files.let_read(image)
    files.let_read(absent)
    assert stat.S_IMODE(image.stat().st_mode) == 0o644
    tmp_path.chmod(0o700)
    owner, other = tmp_path.stat().st_uid, 12345
    assert files.may_search(tmp_path, owner)
    assert not files.may_search(tmp_path, other)
    tmp_path.chmod(0o711)
    assert files.may_search(tmp_path, other)
