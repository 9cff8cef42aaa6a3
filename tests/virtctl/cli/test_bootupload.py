from pathlib import Path

import pytest

from tests.fakes.env import SessionAt
from virtctl.cli.bootupload import upload
from virtctl.errors import Unreachable, UsageError


def test_files_that_cannot_be_used(session_at: SessionAt, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.img` cannot be read"):
        upload(session_at(), "web", str(tmp_path / "none.img"), "")
    packed = tmp_path / "disk.gz"
    packed.write_bytes(b"\x1f\x8b" + bytes(30))
    with pytest.raises(UsageError, match=r"the size of the disk in .* is unknown"):
        upload(session_at(), "web", str(packed), "")
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(4096))
    with pytest.raises(UsageError, match="`1Ki` for flag `--size`"):
        upload(session_at(), "web", str(raw), "1Ki")


def test_a_failure_names_file_and_disk(session_at: SessionAt, tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(4096))
    with pytest.raises(Unreachable, match=r"cannot upload .*disk\.raw to web-rootdisk: "):
        upload(session_at(), "web", str(raw), "")
