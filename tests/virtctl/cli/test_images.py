from pathlib import Path

import pytest

from virtctl.cli.images import check_fits, room
from virtctl.errors import UsageError

QCOW2 = b"QFI\xfb" + bytes(20) + (3 * 2**30).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("content", "needed"),
    [(QCOW2, 3 * 2**30), (b"raw" * 100, 300), (b"\x1f\x8bxx", 0), (b"\xfd7zXZ\x00", 0), (b"", 0)],
)
def test_room(tmp_path: Path, content: bytes, needed: int) -> None:
    path = tmp_path / "disk"
    path.write_bytes(content)
    assert room(str(path)) == needed


def test_a_size_that_is_too_small(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(QCOW2)
    with pytest.raises(UsageError, match="the image's disk has 3221225472 bytes") as caught:
        check_fits(str(path), "2Gi")
    assert caught.value.hint == "give --size 3Gi or more"
    for size in ("3Gi", "4G", "", "big"):
        check_fits(str(path), size)
