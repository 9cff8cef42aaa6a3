"""A directory named by mistake loses nothing."""

from pathlib import Path

import pytest

from tests.fakes.kept import instance
from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import directory, process
from virtctl.local.layout import InstanceLayout


def test_an_empty_or_missing_directory_is_no_instance_and_usable(tmp_path: Path) -> None:
    for layout in (InstanceLayout(tmp_path), InstanceLayout(tmp_path / "missing")):
        assert not directory.is_instance(layout)
        directory.check_usable(layout)
        assert directory.known_config(layout) is None


def test_an_instance_stays_one_beside_other_files(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    (tmp_path / "notes.txt").touch()
    assert directory.is_instance(layout)
    directory.check_usable(layout)


def test_images_alone_are_an_instance(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    assert directory.is_instance(InstanceLayout(tmp_path))


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(LocalError, match=r"thesis\.tex") as refused:
        directory.check_usable(InstanceLayout(tmp_path))
    assert "--dir" in str(refused.value.hint)


def test_somebody_elses_configuration_makes_no_instance(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auths": {}}')
    (tmp_path / "contexts").mkdir()
    layout = InstanceLayout(tmp_path)
    assert not directory.is_instance(layout)
    with pytest.raises(LocalError, match="is not the configuration of an instance"):
        process.read_config(layout)
    with pytest.raises(LocalError, match="other files"):
        directory.check_usable(layout)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    layout = InstanceLayout(tmp_path / "file")
    assert not directory.is_instance(layout)
    with pytest.raises(LocalError, match="not a directory"):
        directory.check_usable(layout)


def test_a_damaged_instance_can_be_cleaned_up(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    layout.config.write_text("{")
    layout.host.write_text("{}")
    layout.database.touch()
    layout.pki.mkdir()
    (layout.pki / "server.hosts").touch()
    (tmp_path / "notes.txt").touch()
    assert directory.is_instance(layout)
    assert directory.known_config(layout) == LocalConfig()
    assert directory.remove(layout) == ("notes.txt",)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_removal_takes_the_directory_when_it_is_empty_then(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance")
    elsewhere = tmp_path / "big-disk"
    elsewhere.mkdir()
    (elsewhere / "image").touch()
    layout.images.symlink_to(elsewhere)
    assert directory.remove(layout) == ()
    assert not layout.root.exists()
    assert (elsewhere / "image").exists()
    assert directory.remove(layout) == ()


def test_a_failed_start_keeps_images_and_log(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance")
    layout.images.mkdir()
    layout.log.write_text("why it failed\n")
    directory.forget_failed(layout, made=True)
    assert sorted(path.name for path in layout.root.iterdir()) == ["daemon.log", "images"]


def test_a_failed_start_takes_a_new_directory_along(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance")
    layout.lock.touch()
    directory.forget_failed(layout, made=True)
    assert not layout.root.exists()
    tmp_path.joinpath("was-there").mkdir()
    old = InstanceLayout(tmp_path / "was-there")
    directory.forget_failed(old, made=False)
    assert old.root.exists()


def test_one_turn_at_a_time(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    first = directory.take_turn(layout)
    assert first is not None
    with first:
        assert directory.take_turn(layout) is None
    second = directory.take_turn(layout)
    assert second is not None
    with second:
        assert layout.lock.stat().st_mode & 0o777 == 0o600


def test_a_removed_lock_is_nobodys(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    first = directory.take_turn(layout)
    assert first is not None
    with first:
        layout.lock.unlink()
        second = directory.take_turn(layout)
        assert second is not None
        with second:
            assert layout.lock.exists()
