"""OCI layouts and docker archives on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.images import Blobs, digest_of, layer, write_archive, write_layout
from virtctl.errors import LocalError
from virtctl.local.images.sources import ArchiveSource, LayoutSource

DATA = layer({"disk/a": b"1"})


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


def test_layout_by_tag(tmp_path: Path, blobs: Blobs) -> None:
    image, other = blobs.image(DATA), blobs.image(layer({}))
    write_layout(tmp_path / "oci", blobs, {"example.org/x:1": image, "2": other})
    for tag, digest in (("1", image), ("2", other)):
        assert LayoutSource(tmp_path / "oci", tag, "amd64").manifest().digest == digest
    with pytest.raises(LocalError, match=r"has no tag `3`; it has `example.org/x:1`, `2`"):
        LayoutSource(tmp_path / "oci", "3", "amd64").manifest()


def test_layout_with_an_index_of_architectures(tmp_path: Path, blobs: Blobs) -> None:
    mine = blobs.image(DATA)
    index = blobs.index(arm64=blobs.image(layer({})), amd64=mine)
    write_layout(tmp_path / "oci", blobs, {"1": index})
    source = LayoutSource(tmp_path / "oci", "", "amd64")
    manifest = source.manifest()
    assert manifest.digest == mine
    seen: list[int] = []
    source.fetch(manifest.layers[0], tmp_path / "out", seen.append)
    assert (tmp_path / "out").read_bytes() == DATA
    assert seen == [len(DATA)]


def test_layout_is_verified(tmp_path: Path, blobs: Blobs) -> None:
    image = blobs.image(DATA)
    write_layout(tmp_path / "oci", blobs, {"1": image})
    source = LayoutSource(tmp_path / "oci", "", "amd64")
    bad = tmp_path / "oci/blobs/sha256" / digest_of(DATA)[7:]
    bad.write_bytes(b"other")
    with pytest.raises(LocalError, match=f"where {digest_of(DATA)} was asked for"):
        source.fetch(source.manifest().layers[0], tmp_path / "out")
    bad.unlink()
    with pytest.raises(LocalError, match="lacks the blob"):
        source.fetch(source.manifest().layers[0], tmp_path / "out")
    (tmp_path / "oci/blobs/sha256" / image[7:]).write_text("{}")
    with pytest.raises(LocalError, match=f"where {image} was asked for"):
        source.manifest()


def test_layout_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"cannot read `.*/index.json`: No such file"):
        LayoutSource(tmp_path, "", "amd64").manifest()


def test_digests_are_no_paths(tmp_path: Path, blobs: Blobs) -> None:
    write_layout(tmp_path / "oci", blobs, {})
    (tmp_path / "oci/index.json").write_text('{"manifests": [{"digest": "sha256:../../x"}]}')
    with pytest.raises(LocalError, match="only sha256 digests are known"):
        LayoutSource(tmp_path / "oci", "", "amd64").manifest()


def test_archive(tmp_path: Path) -> None:
    file = write_archive(tmp_path / "x.tar", {"me/a:1": [DATA], "me/b:1": [DATA, layer({})]})
    source = ArchiveSource(file, "me/b:1")
    manifest = source.manifest()
    assert [each.digest for each in manifest.layers] == [digest_of(DATA), digest_of(layer({}))]
    source.fetch(manifest.layers[0], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA


def test_archive_with_a_name_to_choose(tmp_path: Path) -> None:
    one = write_archive(tmp_path / "1.tar", {"me/a:1": [DATA]})
    two = write_archive(tmp_path / "2.tar", {"me/a:1": [DATA], "me/b:1": [DATA]})
    assert ArchiveSource(one, "").manifest().layers
    with pytest.raises(LocalError, match="has more than one image; it has `me/a:1`, `me/b:1`"):
        ArchiveSource(two, "").manifest()
    with pytest.raises(LocalError, match="has no `me/c`; it has `me/a:1`"):
        ArchiveSource(one, "me/c").manifest()


def test_archive_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot read"):
        ArchiveSource(tmp_path / "x", "").manifest()
    (tmp_path / "x").write_bytes(b"x" * 2000)
    with pytest.raises(LocalError, match="is no tar archive"):
        ArchiveSource(tmp_path / "x", "").manifest()
    (tmp_path / "y").write_bytes(layer({"other": b""}))
    with pytest.raises(LocalError, match=r"has no file `manifest.json` in it"):
        ArchiveSource(tmp_path / "y", "").manifest()
