"""``image rm``."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.env import virtctl


def test_remove_several(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(512))
    for name in ("a", "b", "c"):
        virtctl("image", "import", str(tmp_path / "disk"), name, "--dir", str(tmp_path / "i"))
    ran = virtctl("image", "rm", "a", "b", "--dir", str(tmp_path / "i"))
    assert (ran.code, ran.out) == (0, "image a removed\nimage b removed\n")
    assert virtctl("image", "list", "-o", "name", "--dir", str(tmp_path / "i")).out == "c\n"


def test_what_is_not_there(tmp_path: Path) -> None:
    ran = virtctl("image", "rm", "a", "--dir", str(tmp_path))
    assert (ran.code, ran.err) == (1, f"error: there is no image `a` in `{tmp_path}/images`\n")


def test_image_in_use(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(512))
    virtctl("image", "import", str(tmp_path / "a"), "--dir", str(tmp_path))
    (blob,) = (tmp_path / "images/blobs/sha256").iterdir()
    (tmp_path / "vms/1").mkdir(parents=True)
    (tmp_path / "vms/1/spec.json").write_text(
        f'{{"name": "web", "namespace": "default", "image": "{blob}"}}'
    )
    ran = virtctl("image", "rm", "a", "--dir", str(tmp_path))
    assert ran.code == 1
    assert "error: image `a` is used by machine `default/web`\nhint: " in ran.err
    assert virtctl("image", "rm", "a", "--force", "--dir", str(tmp_path)).code == 0
