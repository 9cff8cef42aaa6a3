"""The store's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.fakes.images import digest_of
from virtctl.errors import LocalError
from virtctl.local.images.store import ImageStore, StoredImage

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images", lambda: NOON)


def put(store: ImageStore, name: str, data: bytes = b"disk", **more: str) -> StoredImage:
    image = StoredImage(
        name=name,
        digest=digest_of(data),
        format="raw",
        virtual_size=len(data),
        size=512,
        source="test",
        imported="",
    )
    image = msgspec.structs.replace(image, **more)
    with store.work() as work:
        (work / "disk").write_bytes(data)
        return store.put(image, work / "disk")


def blobs(store: ImageStore) -> int:
    return len(list((store.root / "blobs/sha256").glob("*")))


def test_an_empty_store_makes_no_files(store: ImageStore) -> None:
    assert store.images() == ()
    assert store.find(["x"]) is None
    assert not store.root.exists()


def test_put_and_find(store: ImageStore) -> None:
    image = put(store, "tiny")
    assert image.imported == "2026-01-02T12:00:00Z"
    assert store.find(["other", "tiny"]) == image
    assert store.file(image).read_bytes() == b"disk"
    assert store.file(image).stat().st_mode & 0o777 == 0o444
    assert ImageStore(store.root).images() == (image,)


def test_a_name_given_again_moves(store: ImageStore) -> None:
    put(store, "tiny", b"old")
    new = put(store, "tiny", b"new")
    assert store.images() == (new,)
    assert blobs(store) == 1


def test_names_share_a_disk(store: ImageStore) -> None:
    one = put(store, "one")
    two = store.name(one, "two", "elsewhere")
    assert (two.name, two.source, two.digest) == ("two", "elsewhere", one.digest)
    store.remove(one)
    assert store.images() == (two,)
    assert blobs(store) == 1
    store.remove(two)
    assert blobs(store) == 0


def test_paths_in_images(store: ImageStore) -> None:
    disk = put(store, "disk")
    image = put(store, "image", manifest="sha256:1", path="/a")
    assert store.find(["disk"], "/anything") == disk
    assert store.find(["image"], "/a") == image
    assert store.find(["image"]) is None
    assert store.with_manifest("sha256:1", "/a") == image
    assert store.with_manifest("sha256:1") is None


def test_work_leaves_nothing(store: ImageStore) -> None:
    (store.root / "work/999999999-killed").mkdir(parents=True)
    with store.work() as work:
        assert [each.name for each in work.parent.iterdir()] == [work.name]
    assert not list((store.root / "work").iterdir())


def test_index_that_cannot_be_read(store: ImageStore) -> None:
    store.root.mkdir()
    (store.root / "index.json").write_text('{"images": [{}]}')
    with pytest.raises(LocalError, match=r"cannot be read: .*required field `name`"):
        store.images()
