import logging
import os

from virtctl.local.daemon import rotation


def test_a_full_log_is_begun_anew(tmp_path) -> None:
    path = tmp_path / "daemon.log"
    out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    os.fchmod(out, 0o640)  # whatever the umask is
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT)
    try:
        os.write(out, b"one\n")
        assert not rotation.rotate(path, 5, (out, other))
        os.write(out, b"two\n")
        assert rotation.rotate(path, 5, (out, other))
        os.write(out, b"three\n")
        os.write(other, b"x")
    finally:
        os.close(out)
        os.close(other)
    assert path.read_text() == "three\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "daemon.log.1").read_text() == "one\ntwo\n"
    assert (tmp_path / "other").read_text() == "x"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "daemon.log", "daemon.log.1", "other"
    ]  # fmt: skip


def test_files_that_are_not_written_to_stay(tmp_path) -> None:
    path = tmp_path / "daemon.log"
    assert not rotation.rotate(path, 1, (2,))
    path.write_text("long enough")
    assert not rotation.rotate(path, 1, (2,))


def test_entries_are_looked_after(tmp_path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(rotation, "rotate", lambda *words: asked.append(words))
    handler = rotation.RotatingLog(tmp_path / "daemon.log", 10, look_after=3)
    for number in range(7):
        handler.handle(logging.makeLogRecord({"msg": f"entry {number}"}))
    assert asked == [(tmp_path / "daemon.log", 10, (1, 2))] * 2
