"""Take the disk out of an image's layers.

A containerDisk is an image with one file in ``/disk``, or with a file at the path that the user
names. Layers are tar archives, laid over each other; a file ``.wh.NAME`` in one removes NAME of
those below it, ``.wh..wh..opq`` all of its directory (OCI image specification, layer.md).
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from launcher import imaging
from virtctl.errors import LocalError

DISK_DIRECTORY = "disk"

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_CHUNK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """A file of the image that was written to ``path``; its digest is of its contents."""

    path: Path
    digest: str


class Overlay:
    """The layers seen so far: which files of interest there are, each in the work directory."""

    def __init__(self, work: Path, wanted: str = "") -> None:
        """``wanted`` is the user's path of the disk; empty for the one file in ``/disk``."""
        self._work = work
        self._wanted = _clean(wanted)
        self._found: dict[str, Extracted] = {}
        self._number = 0

    def apply(self, layer: Path, progress: Progress | None = None) -> None:
        """Lay one more layer over those before it; raises ``LocalError`` when it is none.

        ``progress`` is called with the bytes of a disk as they are written.
        """
        plain = _decompressed(layer, self._work)
        fresh: dict[str, Extracted] = {}
        try:
            with _open(plain) as source, tarfile.open(fileobj=source, mode="r|") as archive:
                for member in archive:
                    self._take(archive, member, fresh, progress)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise LocalError(f"a layer of the image cannot be read: {error}") from error
        finally:
            if plain != layer:
                plain.unlink(missing_ok=True)
        self._found |= fresh

    def disk(self, where: str) -> Extracted:
        """The disk; raises ``LocalError`` when there is none, or more than one to choose from."""
        if self._wanted:
            if found := self._found.get(self._wanted):
                return found
            raise LocalError(f"{where} has no file `/{self._wanted}`")
        if not self._found:
            raise LocalError(
                f"{where} is no containerDisk: it has no file in `/{DISK_DIRECTORY}`",
                "name the file with the volume's `containerDisk.path`",
            )
        if len(self._found) > 1:
            names = ", ".join(f"`/{name}`" for name in sorted(self._found))
            raise LocalError(
                f"{where} has more than one disk: {names}",
                "name the file with the volume's `containerDisk.path`",
            )
        return next(iter(self._found.values()))

    def _take(
        self,
        archive: tarfile.TarFile,
        member: tarfile.TarInfo,
        fresh: dict[str, Extracted],
        progress: Progress | None,
    ) -> None:
        path = PurePosixPath(_clean(member.name))
        if path.name == _OPAQUE:
            self._forget_below(str(path.parent))
        elif path.name.startswith(_WHITEOUT):
            removed = str(path.parent / path.name.removeprefix(_WHITEOUT))
            self._found.pop(removed, None)
            self._forget_below(removed)
        elif self._is_wanted(path):
            if not member.isreg():
                # Something else now stands where a lower layer had the disk.
                self._found.pop(str(path), None)
            elif source := archive.extractfile(member):
                self._number += 1
                fresh[str(path)] = _write(source, self._work / f"disk-{self._number}", progress)

    def _is_wanted(self, path: PurePosixPath) -> bool:
        if self._wanted:
            return str(path) == self._wanted
        return str(path.parent) == DISK_DIRECTORY

    def _forget_below(self, directory: str) -> None:
        for path in [path for path in self._found if path.startswith(f"{directory}/")]:
            del self._found[path]


def _clean(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in {"", "."})


def _decompressed(layer: Path, work: Path) -> Path:
    """The layer itself, or for zstd a decompressed copy: the standard library cannot read it."""
    with layer.open("rb") as file:
        if file.read(4) != _ZSTD:
            return layer
    plain = work / "layer.tar"
    imaging.unpack_zstd(layer, plain)
    return plain


def _open(layer: Path) -> BinaryIO:
    with layer.open("rb") as file:
        start = file.read(2)
    return cast("BinaryIO", gzip.open(layer, "rb")) if start == _GZIP else layer.open("rb")


def _write(source: IO[bytes], target: Path, progress: Progress | None) -> Extracted:
    """Copy a file and take its digest; blocks of zeros become holes."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if chunk.strip(b"\0"):
                file.write(chunk)
            else:
                file.seek(len(chunk), 1)
            if progress:
                progress(size)
        file.truncate(size)
    return Extracted(path=target, digest=f"sha256:{digest.hexdigest()}")
