import sqlite3
import subprocess
import sys

import pytest

from virtctl.errors import LocalError
from virtctl.local.store import sqlite
from virtctl.local.store.broadcast import TooOld
from virtctl.local.store.log import Change, ChangeType, Key, Unwritable
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog

KEY = Key("c", "n", "a")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


def test_everything_survives_a_restart(path) -> None:
    store = Store(SqliteLog(path))
    store.create(KEY, b"1")
    store.update(KEY, b"2")
    store.create(Key("c", "n", "b"), b"3")
    store.delete(Key("c", "n", "b"))
    store.close()
    again = Store(SqliteLog(path))
    assert again.revision == 4
    assert [(key.name, record.value) for key, record in again.all("c")] == [("a", b"2")]
    assert [(item.type, item.value, item.previous) for item in again.since(1)] == [
        (ChangeType.MODIFIED, b"2", b"1"),
        (ChangeType.ADDED, b"3", None),
        (ChangeType.DELETED, b"3", b"3"),
    ]
    assert again.create(KEY._replace(name="z"), b"").revision == 5
    again.close()


def test_a_new_store_may_have_a_past(path) -> None:
    store = Store(SqliteLog(path, past=10))
    with pytest.raises(TooOld):
        store.since(1)
    assert store.create(KEY, b"1").revision == 11
    store.close()
    again = Store(SqliteLog(path, past=10))
    assert [change.revision for change in again.since(10)] == [11]
    again.close()


def test_history_is_bounded_over_restarts(path) -> None:
    store = Store(SqliteLog(path, history=8))
    store.create(KEY, b"0")
    for number in range(40):
        store.update(KEY, str(number).encode())
    compacted = store.compacted
    assert 0 < compacted < store.revision
    assert len(store.since(compacted)) == store.revision - compacted
    store.close()
    again = Store(SqliteLog(path, history=8))
    assert again.compacted == compacted
    again.close()


def test_a_failed_commit_leaves_nothing(path) -> None:
    log = SqliteLog(path)
    log.append([Change(1, KEY, ChangeType.ADDED, b"1", None)])
    with pytest.raises(sqlite3.IntegrityError):
        log.append([Change(1, KEY, ChangeType.MODIFIED, b"2", b"1")])
    assert log.revision == 1
    assert [record.value for _, record in log.records()] == [b"1"]
    log.close()


def test_foreign_files_are_refused(path) -> None:
    path.write_bytes(b"no database, but long enough to be looked at" * 40)
    with pytest.raises(LocalError, match="cannot be used"):
        SqliteLog(path)


def test_newer_layouts_are_refused(path) -> None:
    SqliteLog(path).close()
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version=9")
    database.close()
    with pytest.raises(LocalError, match="layout 9 is newer"):
        SqliteLog(path)


LAYOUT_1 = """
create table record (
  collection text not null, namespace text not null, name text not null,
  revision integer not null, value blob not null,
  primary key (collection, namespace, name)
) without rowid;
create table history (
  revision integer primary key, collection text not null, namespace text not null,
  name text not null, type text not null, value blob not null, previous blob
);
create table counter (name text primary key, value integer not null) without rowid;
insert into record values ('c', 'n', 'a', 7, x'31');
insert into history values (7, 'c', 'n', 'a', 'ADDED', x'31', null);
insert into counter values ('revision', 7), ('compacted', 6);
pragma user_version=1;
"""


def old_store(path) -> None:
    database = sqlite3.connect(path)
    database.executescript(LAYOUT_1)
    database.close()


def test_older_layouts_are_migrated(path) -> None:
    old_store(path)
    log = SqliteLog(path)
    assert (log.revision, log.compacted) == (7, 6)
    assert [(key, record.value) for key, record in log.records()] == [(KEY, b"1")]
    log.append([Change(8, KEY, ChangeType.MODIFIED, b"2", b"1")])
    assert [change.revision for change in log.since(6)] == [7, 8]
    log.close()
    assert sqlite.check(path) == sqlite.LAYOUT


def test_a_migration_that_fails_leaves_the_old_layout(path, monkeypatch) -> None:
    old_store(path)
    with monkeypatch.context() as patched:
        patched.setitem(sqlite._STEPS, 2, sqlite._STEPS[2] + "create table record (x);")
        with pytest.raises(LocalError, match="record already exists"):
            SqliteLog(path)
    database = sqlite3.connect(path)
    assert database.execute("pragma user_version").fetchone() == (1,)
    assert database.execute("select count(*) from sqlite_master").fetchone()[0] == 3
    database.close()
    SqliteLog(path).close()


def test_young_history_is_kept(path) -> None:
    now = 1000.0
    log = SqliteLog(path, history=8, clock=lambda: now)
    for number in range(1, 25):
        log.append([Change(number, KEY, ChangeType.MODIFIED, b"", b"")])
    assert log.compacted == 0  # of this minute
    now = 2000.0
    log.append([Change(25, KEY, ChangeType.MODIFIED, b"", b"")])
    log.append([Change(26, KEY, ChangeType.MODIFIED, b"", b"")])
    assert log.compacted == 26 - 8
    now = 10.0  # set back: what is there looks young for ever, but is bounded
    for number in range(27, 127):
        log.append([Change(number, KEY, ChangeType.MODIFIED, b"", b"")])
    assert log.compacted == 126 - 4 * 8
    assert len(log.since(log.compacted)) == 32
    log.close()


def test_an_emptied_store_is_packed(path) -> None:
    store = Store(SqliteLog(path, history=1))
    for number in range(60):
        store.create(Key("c", "n", str(number)), bytes(100_000))
    for number in range(60):
        store.delete(Key("c", "n", str(number)), b"")
    store.close()
    full = path.stat().st_size
    SqliteLog(path).close()
    assert path.stat().st_size < full / 10


def test_copies_are_taken_while_the_store_is_in_use(path, tmp_path) -> None:
    store = Store(SqliteLog(path))
    store.create(KEY, b"1")
    copied = tmp_path / "copy.db"
    sqlite.copy(path, copied)
    store.update(KEY, b"2")
    store.close()
    assert sqlite.check(copied) == sqlite.LAYOUT
    again = Store(SqliteLog(copied))
    assert again.get(KEY).value == b"1"
    again.close()
    with pytest.raises(LocalError, match="already exists"):
        sqlite.copy(path, copied)


def test_a_copy_leaves_the_journal_of_who_was_killed(path, tmp_path) -> None:
    store = Store(SqliteLog(path))
    store.create(KEY, b"1")
    kept = [(each, each.read_bytes()) for each in tmp_path.iterdir()]
    store.close()
    for file, data in kept:
        file.write_bytes(data)
    sqlite.copy(path, tmp_path / "a copy? #1.db")
    assert path.with_name("store.db-wal").stat().st_size > 0
    assert sqlite.check(tmp_path / "a copy? #1.db") == sqlite.LAYOUT
    again = SqliteLog(path)
    assert again.lost(2)  # it is seen that somebody was killed
    again.close()


def test_a_restored_store_leaves_old_watches_behind(path) -> None:
    store = Store(SqliteLog(path))
    store.create(KEY, b"1")
    seen = store.revision + 500  # by clients, after the backup
    store.close()
    sqlite.leap(path)
    again = Store(SqliteLog(path))
    assert again.revision > seen
    assert again.compacted == again.revision
    with pytest.raises(TooOld):
        again.subscribe("c", since=seen)
    assert again.get(KEY).value == b"1"
    again.close()


def test_revisions_that_a_disk_lost_are_not_given_again(path, tmp_path) -> None:
    store = Store(SqliteLog(path))
    store.create(KEY, b"1")
    kept = [(each, each.read_bytes()) for each in tmp_path.iterdir()]
    store.update(KEY, b"2")  # acknowledged as 2, and seen
    store.close()
    for file, data in kept:  # the power is cut, and the disk had lied
        file.write_bytes(data)
    again = Store(SqliteLog(path))
    assert again.get(KEY).value == b"1"
    with pytest.raises(TooOld):
        again.subscribe("c", since=2)
    resumed = again.subscribe("c", since=1)
    assert again.update(KEY, b"3").revision > 2
    assert [change.value for change in resumed.pending()] == [b"3"]
    again.close()
    clean = Store(SqliteLog(path))
    assert clean.revision == again.revision
    with pytest.raises(TooOld):
        clean.subscribe("c", since=2)
    clean.close()


@pytest.mark.parametrize("layout", [0, 9])
def test_copies_of_other_layouts_are_refused(path, layout) -> None:
    SqliteLog(path).close()
    database = sqlite3.connect(path)
    database.execute(f"pragma user_version={layout}")
    database.close()
    with pytest.raises(LocalError, match=f"layout {layout} is none"):
        sqlite.check(path)


def test_damaged_copies_are_refused(path) -> None:
    store = Store(SqliteLog(path))
    for number in range(50):
        store.create(Key("c", "n", str(number)), bytes(1000))
    store.close()
    data = bytearray(path.read_bytes())
    data[8192:20000] = b"\xff" * (20000 - 8192)
    path.write_bytes(data)
    with pytest.raises(LocalError, match=r"damaged|cannot be used"):
        sqlite.check(path)


def test_a_disk_that_takes_no_more_is_told(path) -> None:
    log = SqliteLog(path)
    log._db.execute("pragma max_page_count=12")
    with pytest.raises(Unwritable, match="full"):
        log.append([Change(1, KEY, ChangeType.ADDED, bytes(100_000), None)])
    log.append([Change(1, KEY, ChangeType.ADDED, b"1", None)])
    assert [record.value for _, record in log.records()] == [b"1"]
    log.close()


WRITER = """
import sys
from virtctl.local.store import sqlite
from virtctl.local.store.log import Change, ChangeType, Key, Unwritable
from virtctl.local.store.sqlite import SqliteLog
log = SqliteLog(sys.argv[1])
for revision in range(1, sys.maxsize):
    log.append([Change(revision, Key("c", "n", str(revision)), ChangeType.ADDED, b"x", None)])
    print(revision, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_a_kill(path) -> None:
    argv = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as writer:
        try:
            for _ in range(20):
                writer.stdout.readline()
        finally:
            writer.kill()
        rest = writer.stdout.read().split("\n")
    acknowledged = max([20, *(int(line) for line in rest[:-1])])
    log = SqliteLog(path)
    assert len(list(log.records())) >= acknowledged
    log.close()
