"""Streams land and become disks."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.fakes.disks import MIB, convert, create, digest, write_raw
from virtctl.errors import LocalError
from virtctl.local.imports.filling import Filling, Notes
from virtctl.local.imports.job import Desk, Job, Refused, Source


class Place:
    """A claim's directory, and where its job is."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root / "job")
        self.desk.root.mkdir()
        self.target = root / "claim" / "disk.img"
        self.target.parent.mkdir()
        self.told: list[float] = []

    def filling(self, capacity: int = 16 * MIB, checksum: str = "", **more) -> Filling:
        job = Job(
            name="default/a",
            target=str(self.target),
            capacity=capacity,
            source=Source(kind="http", checksum=checksum),
            **more,
        )
        return Filling(job, self.desk, self.told.append)

    def take(self, data: bytes, **more) -> None:
        filling = self.filling(**more)
        filling.complete(filling.land(stream(data), len(data)))

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.iterdir())


def stream(data: bytes, size: int = 300_000) -> Iterator[memoryview]:
    for place in range(0, len(data), size):
        yield memoryview(data[place : place + size])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_raw(tmp_path_factory.mktemp("disks") / "raw")


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


PACKERS = {"plain": bytes, "gz": gzip.compress, "xz": lzma.compress, "zst": zstd}


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_images_become_disks_of_the_size_asked_for(
    place: Place, raw: Path, tmp_path: Path, form: str, packed: str
) -> None:
    image = raw if form == "raw" else convert(raw, tmp_path / "image", form)
    place.take(PACKERS[packed](image.read_bytes()))
    assert place.target.stat().st_size == 16 * MIB
    assert place.target.stat().st_blocks * 512 < MIB
    assert digest(place.target) == digest(raw)
    assert place.names == ["disk.img"]


def test_progress_is_told(place: Place, raw: Path) -> None:
    place.take(raw.read_bytes())
    assert place.told == sorted(place.told)
    assert place.told[-1] == 1.0


@pytest.mark.parametrize("packed", ["gz", "xz", "zst"])
def test_compressed_twice_is_refused(place: Place, raw: Path, packed: str) -> None:
    with pytest.raises(Refused, match="more than once"):
        place.take(PACKERS[packed](gzip.compress(raw.read_bytes())))
    assert "disk.img" not in place.names


@pytest.mark.parametrize("packed", PACKERS)
def test_what_is_larger_than_the_claim_is_refused(place: Place, raw: Path, packed: str) -> None:
    with pytest.raises(Refused, match=r"larger|zstd"):
        place.take(PACKERS[packed](raw.read_bytes()), capacity=MIB)
    assert "disk.img" not in place.names


def test_an_image_of_a_larger_disk_is_refused_at_its_first_bytes(
    place: Place, tmp_path: Path
) -> None:
    image = create(tmp_path / "image", "1G", "-f", "qcow2")

    def endless() -> Iterator[memoryview]:
        yield memoryview(image.read_bytes())
        raise AssertionError("the rest was read")

    with pytest.raises(Refused, match="larger"):
        place.filling().land(endless())


def test_nothing_is_refused(place: Place) -> None:
    with pytest.raises(Refused, match="empty"):
        place.take(b"")


def test_a_backing_file_is_refused(place: Place, raw: Path, tmp_path: Path) -> None:
    image = create(tmp_path / "image", "8M", "-f", "qcow2", "-F", "raw", "-b", str(raw))
    with pytest.raises(Refused, match="backing file"):
        place.take(image.read_bytes())


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_a_checksum_is_that_of_the_file(place: Place, raw: Path, algorithm: str) -> None:
    data = gzip.compress(raw.read_bytes())
    place.take(data, checksum=f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")
    assert digest(place.target) == digest(raw)


def test_another_checksum_is_refused(place: Place, raw: Path) -> None:
    with pytest.raises(Refused, match="checksum mismatch"):
        place.take(raw.read_bytes(), checksum=f"sha256:{'0' * 64}")
    with pytest.raises(Refused, match="must be one of"):
        place.take(raw.read_bytes(), checksum="crc:1")
    assert "disk.img" not in place.names


@pytest.mark.parametrize("packed", ["plain", "zst"])
def test_what_will_not_fit_on_the_host_is_said_at_once(
    place: Place, raw: Path, tmp_path: Path, packed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virtctl.local.imports.filling._free", lambda _: 1000)
    image = convert(raw, tmp_path / "image", "qcow2")
    with pytest.raises(LocalError, match="1000 free") as caught:
        place.take(PACKERS[packed](image.read_bytes()))
    assert not isinstance(caught.value, Refused)


def test_what_breaks_off_leaves_no_disk(place: Place, raw: Path) -> None:
    def breaking() -> Iterator[memoryview]:
        yield memoryview(raw.read_bytes()[: 4 * MIB])
        raise LocalError("gone")

    with pytest.raises(LocalError, match="gone"):
        place.filling().land(breaking())
    assert place.names == [".filling-job"]


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_download_goes_on_where_it_was(
    place: Place, raw: Path, tmp_path: Path, form: str
) -> None:
    image = raw if form == "raw" else convert(raw, tmp_path / "image", form)
    data = image.read_bytes()
    half = len(data) // 2
    filling = place.filling(checksum=f"sha256:{hashlib.sha256(data).hexdigest()}")
    filling.prepare()
    filling.part.write_bytes(data[:half] + b"not safe on the disk yet")
    notes = Notes(url="http://x", tag='"1"', offset=half)
    (place.desk.notes).write_bytes(msgspec.json.encode(notes))
    assert filling.resumable("http://y") is None
    found = filling.resumable("http://x")
    assert found == notes
    filling.complete(filling.land(stream(data[half:]), len(data), found))
    assert digest(place.target) == digest(raw)


def test_downloads_are_noted(place: Place, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtctl.local.imports.filling._SETTLE", 0.0)
    filling = place.filling()
    filling.land(stream(raw.read_bytes()), None, Notes(url="http://x", tag='"1"', offset=0))
    found = filling.resumable("http://x")
    assert found is not None
    assert found.offset > 7 * MIB


def test_an_archive_is_unpacked_beside(place: Place) -> None:
    (place.target.parent / "sub").mkdir()
    (place.target.parent / "sub" / "old").touch()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo("sub/new")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    place.take(gzip.compress(out.getvalue()), archive=True)
    assert place.names == ["sub"]
    assert (place.target.parent / "sub/new").read_bytes() == b"hello"
    with pytest.raises(Refused, match="archive"):
        place.take(b"no archive" * 1000, archive=True)


def test_a_blank_disk_may_be_allocated(place: Place) -> None:
    place.filling(capacity=MIB, preallocate=True).blank()
    assert place.target.stat().st_blocks * 512 >= MIB
    assert place.filling().is_done()


def test_a_disk_is_copied_and_grown(place: Place, raw: Path) -> None:
    place.filling().copy_disk(raw)
    assert digest(place.target) == digest(raw)
    assert place.target.stat().st_size == 16 * MIB
    with pytest.raises(Refused, match="room for"):
        place.filling(capacity=MIB).copy_disk(raw)


def test_an_archive_is_copied(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "other"
    (source / ".filling-x").mkdir(parents=True)
    (source / "a").write_text("x")
    place.filling(archive=True).copy_disk(source / "disk.img")
    assert place.names == ["a"]


@pytest.mark.parametrize("form", ["raw", "qcow2", "gz"])
def test_a_file_of_ours_is_taken(place: Place, raw: Path, tmp_path: Path, form: str) -> None:
    image = tmp_path / "image"
    if form == "gz":
        image.write_bytes(gzip.compress(raw.read_bytes()))
    else:
        convert(raw, image, form)
    filling = place.filling()
    filling.complete(filling.take_file(image))
    assert digest(place.target) == digest(raw)


def test_a_claim_that_was_made_anew_meanwhile_is_left_alone(place: Place, raw: Path) -> None:
    filling = place.filling()
    landed = filling.land(stream(raw.read_bytes()))
    shutil.rmtree(place.target.parent)
    place.target.parent.mkdir()
    with pytest.raises(LocalError):
        filling.complete(landed)
    assert place.names == []
    shutil.rmtree(place.target.parent)
    with pytest.raises(LocalError):
        filling.prepare()
