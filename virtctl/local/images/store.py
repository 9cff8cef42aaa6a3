"""The store on disk: disk files by their digest, and an index of names.

``index.json`` is written whole and renamed into place, under a lock; files come into ``blobs`` by
rename from a work directory of the same file system, so that what is in the store is complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from virtctl.errors import LocalError


class StoredImage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One name of the store. Sizes are bytes; ``size`` is what the file takes on this host.

    ``source`` says where it came from, ``manifest`` is the digest of the image it was taken from
    and ``path`` the file that was asked for in that; both are empty for a disk file.
    """

    name: str
    digest: str
    format: str
    virtual_size: int
    size: int
    source: str
    imported: str
    manifest: str = ""
    path: str = ""


class _Index(msgspec.Struct):
    images: tuple[StoredImage, ...] = ()


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class ImageStore:
    """The images below one directory, which is made when something is put into it."""

    def __init__(self, root: Path, now: Callable[[], datetime] = utc_now) -> None:
        self.root = root
        self._now = now

    def images(self) -> tuple[StoredImage, ...]:
        """All names, sorted; raises ``LocalError`` when the index cannot be read."""
        try:
            data = self._index.read_bytes()
        except FileNotFoundError:
            return ()
        try:
            return msgspec.json.decode(data, type=_Index).images
        except msgspec.MsgspecError as error:
            raise LocalError(f"the image index `{self._index}` cannot be read: {error}") from error

    def find(self, names: Sequence[str], path: str = "") -> StoredImage | None:
        """The image of the first name that is there; a disk file has no paths, so any will do."""
        images = self.images()
        for name in names:
            for image in images:
                if image.name == name and (image.path == path or not image.manifest):
                    return image
        return None

    def with_manifest(self, digest: str, path: str = "") -> StoredImage | None:
        """An image that was taken from the image with this manifest, whatever its name."""
        for image in self.images():
            if image.manifest == digest and image.path == path:
                return image
        return None

    def file(self, image: StoredImage) -> Path:
        """Where the disk is."""
        return self.root / "blobs" / image.digest.replace(":", "/")

    def put(self, image: StoredImage, disk: Path) -> StoredImage:
        """Take the file ``disk`` (from a work directory) into the store under ``image.name``.

        What had the name before loses it. Returns the image with its time of import.
        """
        image = msgspec.structs.replace(image, imported=f"{self._now():%Y-%m-%dT%H:%M:%SZ}")
        target = self.file(image)
        target.parent.mkdir(parents=True, exist_ok=True)
        disk.chmod(0o444)
        _sync(disk)
        with self._locked():
            disk.rename(target)
            self._add(image)
        return image

    def name(self, image: StoredImage, name: str, source: str) -> StoredImage:
        """Give a disk that is in the store another name."""
        other = msgspec.structs.replace(
            image, name=name, source=source, imported=f"{self._now():%Y-%m-%dT%H:%M:%SZ}"
        )
        with self._locked():
            self._add(other)
        return other

    def remove(self, image: StoredImage) -> None:
        """Remove a name, and the disk when no other name has it."""
        with self._locked():
            self._write([each for each in self.images() if each != image])

    @contextmanager
    def work(self) -> Iterator[Path]:
        """A directory for files on their way into the store, gone afterwards."""
        home = self.root / "work"
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        with tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=home) as name:
            yield Path(name)

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Only one at a time per ``key``: two pulls of one image make one download."""
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        with _lock(self.root / "locks" / name):
            yield

    @property
    def _index(self) -> Path:
        return self.root / "index.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _lock(self.root / "locks" / "index"):
            yield

    def _add(self, image: StoredImage) -> None:
        others = [
            each for each in self.images() if (each.name, each.path) != (image.name, image.path)
        ]
        self._write([*others, image])

    def _write(self, images: Sequence[StoredImage]) -> None:
        """Write the index, then remove disks that have no name any more."""
        ordered = sorted(images, key=lambda image: (image.name, image.path))
        data = msgspec.json.format(msgspec.json.encode(_Index(images=tuple(ordered))), indent=2)
        draft = self._index.with_suffix(".new")
        draft.write_bytes(data)
        _sync(draft)
        draft.rename(self._index)
        wanted = {self.file(image) for image in ordered}
        for blob in (self.root / "blobs" / "sha256").glob("*"):
            if blob not in wanted:
                blob.unlink()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sweep(home: Path) -> None:
    """Remove work directories whose process was killed."""
    for directory in home.iterdir():
        pid = directory.name.partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(directory, ignore_errors=True)
