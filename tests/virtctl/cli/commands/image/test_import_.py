"""``image import`` of files and layouts."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.env import virtctl
from tests.fakes.images import Blobs, layer, write_layout

RAW = b"disk".ljust(4096, b"\0")


def test_file_relative_to_where_we_are(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(RAW)
    ran = virtctl("image", "import", "a.img", "--dir", "i", cwd=str(tmp_path))
    assert ran.code == 0, ran.err
    assert ran.out.startswith("image a imported (raw, 4.0 KiB, ")
    assert ran.err == "copying\nreading\n"
    assert (tmp_path / "i/images/index.json").exists()


def test_layout_with_a_name_and_a_path(tmp_path: Path) -> None:
    blobs = Blobs()
    image = blobs.image(layer({"disk/a": RAW, "other/b": RAW + RAW}))
    write_layout(tmp_path / "oci", blobs, {"1": image})
    words = ("oci:oci:1", "mine", "--path", "other/b", "--dir", "i", "-o", "json")
    ran = virtctl("image", "import", *words, cwd=str(tmp_path))
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["name"], found["virtualSize"], found["path"]) == ("mine", 8192, "other/b")
    assert found["source"] == f"oci:{tmp_path}/oci:1"
    assert ran.err.splitlines()[0] == "layer 1 of 1"


def test_directory_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(RAW)
    environ = {"VIRTCTL_DIR": str(tmp_path / "i")}
    ran = virtctl("image", "import", str(tmp_path / "a.img"), "-o", "name", environ=environ)
    assert ran.out == "a\n"


def test_no_such_file(tmp_path: Path) -> None:
    ran = virtctl("image", "import", "./gone.img", "--dir", "i", cwd=str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error: there is no file `{tmp_path}/gone.img`\n"
    assert not list(tmp_path.iterdir())
