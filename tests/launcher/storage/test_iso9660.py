"""ISO images, read back by another program."""

import shutil
import subprocess
from pathlib import Path

import pytest

from launcher.storage import iso9660

FILES = {
    "meta-data": b'{"a":1}',
    "user-data": b"#cloud-config\n" * 300,
    "empty": b"",
    "openstack/latest/user_data": b"x" * 5000,
    "openstack/latest/meta_data.json": b"{}",
    **{f"many/a-file-with-a-long-name-{n:03}.txt": str(n).encode() for n in range(60)},
    "many/.hidden": b"h",
}


def extract(image: bytes, tmp_path: Path, *options: str) -> dict[str, bytes]:
    file, out = tmp_path / "image.iso", tmp_path / "out"
    file.write_bytes(image)
    subprocess.run(
        [
            "xorriso", *options, "-osirrox", "on", "-indev", file, "-extract", "/", out,
            "-rollback_end",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(["chmod", "-R", "u+w", out], check=True)
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


@pytest.mark.skipif(not shutil.which("xorriso"), reason="needs xorriso")
@pytest.mark.parametrize("ignored", ["nojoliet", "norock"])
def test_both_kinds_of_names_are_right(tmp_path: Path, ignored: str) -> None:
    image = iso9660.build("cidata", FILES)
    assert extract(image, tmp_path, "-read_fs", ignored) == FILES


def test_volume_label() -> None:
    image = iso9660.build("config-2", {})
    assert image[16 * 2048 + 40 : 16 * 2048 + 72].rstrip() == b"config-2"
    assert image[17 * 2048 + 40 : 17 * 2048 + 56].decode("utf-16-be") == "config-2"


def test_size_suits_direct_io() -> None:
    assert len(iso9660.build("x", FILES)) % 65536 == 0


def test_the_same_files_give_the_same_bytes() -> None:
    backwards = dict(reversed(FILES.items()))
    assert iso9660.build("x", FILES) == iso9660.build("x", backwards)


def test_short_names_are_told_apart() -> None:
    image = iso9660.build("x", {"long-name-1.txt": b"", "long-name-2.txt": b""})
    assert b"LONG_NAM.TXT;1" in image
    assert b"LONG_NA1.TXT;1" in image


def test_a_name_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="too long"):
        iso9660.build("x", {"n" * 250: b""})
