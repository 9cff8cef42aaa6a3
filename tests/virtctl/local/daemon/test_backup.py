import io
import os
import tarfile

import pytest

from tests.fakes.kept import instance
from virtctl.errors import LocalError
from virtctl.local import pki
from virtctl.local.daemon import backup, process
from virtctl.local.layout import InstanceLayout
from virtctl.local.store.log import Key
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="refuses at once without root")
KEY = Key("c", "n", "a")


@pytest.fixture
def layout(tmp_path):
    made = instance(tmp_path / "instance")
    pki.ensure(made.pki, ("localhost",))
    return made


@pytest.fixture
def store(layout):
    made = Store(SqliteLog(layout.database))
    made.create(KEY, b"1")
    yield made
    made.close()


def value(layout) -> bytes:
    store = Store(SqliteLog(layout.database))
    try:
        return store.get(KEY).value
    finally:
        store.close()


@as_root
def test_a_backup_of_a_running_instance_is_restored_elsewhere(layout, store, tmp_path) -> None:
    file = tmp_path / "backup"
    note = backup.save(layout, file, "1.2")
    assert (note.version, note.format) == ("1.2", 1)
    assert file.stat().st_mode & 0o777 == 0o600
    store.update(KEY, b"2")
    other = InstanceLayout(tmp_path / "other")
    restored = backup.restore(other, file, replace=False)
    assert restored == backup.Restored(note, replaced=False)
    assert value(other) == b"1"
    assert process.read_config(other) == process.read_config(layout)
    for path in layout.pki.iterdir():
        copied = other.pki / path.name
        assert copied.read_bytes() == path.read_bytes()
        assert copied.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "instance", "other"]
    assert not (other.root / "restore.new").exists()


@as_root
def test_an_instance_is_replaced_only_when_asked(layout, store, tmp_path) -> None:
    file = tmp_path / "backup"
    backup.save(layout, file, "1")
    store.update(KEY, b"2")
    store.close()
    with pytest.raises(LocalError, match="holds an instance already"):
        backup.restore(layout, file, replace=False)
    assert value(layout) == b"2"
    assert backup.restore(layout, file, replace=True).replaced
    assert value(layout) == b"1"
    log = SqliteLog(layout.database)
    assert log.revision > 1_000_000
    log.close()


@as_root
def test_a_running_instance_is_not_replaced(layout, store, tmp_path) -> None:
    file = tmp_path / "backup"
    backup.save(layout, file, "1")
    process.write_identity(layout, "1")
    with pytest.raises(LocalError, match="runs"):
        backup.restore(layout, file, replace=True)


def test_nothing_to_save(tmp_path) -> None:
    with pytest.raises(LocalError, match="there is no instance"):
        backup.save(InstanceLayout(tmp_path / "none"), tmp_path / "backup", "1")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(layout, store, tmp_path) -> None:
    with pytest.raises(LocalError, match="cannot be written: No such file"):
        backup.save(layout, tmp_path / "none/backup", "1")


def archive(path, **files) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


NOTE = b'{"format": 1, "version": "1", "made": 1, "layout": 1}'


@as_root
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backup.json": None}, "has no `backup.json`"),
        ({"store.db": None}, "has no `store.db`"),
        ({"backup.json": b"x"}, "`backup.json` cannot be read"),
        ({"backup.json": NOTE.replace(b"1", b"7")}, "format 7, which is newer"),
        ({"store.db": b"x" * 5000}, "cannot be used"),
        ({"config.json": b"x"}, "`config.json` cannot be read"),
        ({"..__x": b""}, r"it has `\.\./x`"),
        ({"pki__a__b": b""}, "it has `pki/a/b`"),
        ({f"f{number}": b"" for number in range(80)}, "more than 64 files"),
    ],
)
def test_what_is_no_backup_changes_nothing(layout, store, tmp_path, change, said) -> None:
    good = tmp_path / "good"
    backup.save(layout, good, "1")
    with tarfile.open(good) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}
    files |= change
    bad = tmp_path / "bad"
    archive(bad, **{name: data for name, data in files.items() if data is not None})
    other = InstanceLayout(tmp_path / "other")
    with pytest.raises(LocalError, match=said):
        backup.restore(other, bad, replace=False)
    assert not other.root.exists()
    store.close()
    with pytest.raises(LocalError, match=said):
        backup.restore(layout, bad, replace=True)
    assert value(layout) == b"1"


@as_root
def test_files_that_are_no_archives(tmp_path) -> None:
    layout = InstanceLayout(tmp_path / "other")
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(LocalError, match="is no backup"):
        backup.restore(layout, tmp_path / "text", replace=False)
    with pytest.raises(LocalError, match="cannot be read: No such file"):
        backup.restore(layout, tmp_path / "none", replace=False)
