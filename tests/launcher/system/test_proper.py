from pathlib import Path

from launcher.system.proper import bound_log


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("short")
    bound_log(log, 10)
    assert log.read_text() == "short"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_long_log_moves_aside_for_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("a") as writer:
        writer.write("0123456789a")
        writer.flush()
        bound_log(log, 10)
        writer.write("b")
    assert log.read_text() == "b"
    assert (tmp_path / "log.1").read_text() == "0123456789a"


def test_no_log_is_fine(tmp_path: Path) -> None:
    bound_log(tmp_path / "log", 10)
    assert list(tmp_path.iterdir()) == []
