import os
from pathlib import Path

import pytest

from tests.fakes.env import virtctl
from tests.fakes.kept import instance
from virtctl.local import pki
from virtctl.local.store.sqlite import SqliteLog

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="refuses at once without root")


def test_a_backup_is_put_in_place(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance", "https://127.0.0.1:6443")
    pki.ensure(layout.pki, ("localhost",))
    layout.database.unlink(missing_ok=True)
    SqliteLog(layout.database).close()
    target = str(tmp_path / "saved")
    assert virtctl("local", "backup", target, "--dir", str(layout.root)).code == 0
    ran = virtctl("local", "restore", target, "--dir", str(tmp_path / "other"))
    assert (ran.code, ran.err) == (0, "start it with `virtctl local up`\n")
    assert ran.out.startswith("restored as of 20")
    again = virtctl("local", "restore", target, "--dir", str(tmp_path / "other"))
    assert again.code == 1
    assert "--replace" in again.err
    replaced = virtctl("local", "restore", target, "--replace", "--dir", str(tmp_path / "other"))
    assert replaced.code == 0
