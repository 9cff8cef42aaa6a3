from pathlib import Path

from tests.fakes.env import virtctl
from tests.fakes.kept import instance
from virtctl.local import pki
from virtctl.local.store.sqlite import SqliteLog


def test_a_backup_is_written(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance", "https://127.0.0.1:6443")
    pki.ensure(layout.pki, ("localhost",))
    layout.database.unlink(missing_ok=True)
    SqliteLog(layout.database).close()
    target = tmp_path / "saved"
    ran = virtctl("local", "backup", str(target), "--dir", str(layout.root))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"backup written to {target}\n"
    assert target.stat().st_size > 0


def test_no_instance(tmp_path: Path) -> None:
    ran = virtctl("local", "backup", str(tmp_path / "saved"), "--dir", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert "there is no instance in" in ran.err
