from pathlib import Path

import pytest

from tests.fakes.env import fake_env
from virtctl.cli.credentials import read_key
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session
from virtctl.errors import UsageError


def test_a_key_comes_from_a_flag_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "k.pub").write_text("ssh-rsa A\n")
    session = Session(fake_env(cwd=str(tmp_path)), GlobalFlags())
    assert read_key(session, "", "ssh-rsa B") == "ssh-rsa B"
    assert read_key(session, "k.pub", "") == "ssh-rsa A\n"
    with pytest.raises(UsageError, match=r"key file `no\.pub` cannot be read"):
        read_key(session, "no.pub", "")
    with pytest.raises(UsageError, match="missing flag `--file` or `--value`"):
        read_key(session, "", "")
