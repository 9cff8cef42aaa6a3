"""From a stream of bytes to a disk: unpacked, converted, grown, and given its name when whole.

A stream *lands* in a work directory beside the target, which takes as long as the sender does;
then it is *completed*. Whatever ends in between leaves a work directory and no disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec

from launcher import disks
from launcher.disks import Format, Packing, SparseFile
from launcher.errors import ImageRefused, LauncherError
from virtctl.errors import LocalError
from virtctl.local.imports.archives import unpack_archive
from virtctl.local.imports.job import Desk, Job, Refused, write
from virtctl.local.imports.unpacking import pieces, unpacked

_SETTLE = 5.0  # seconds between two notes of how far a download is
_LANDING = 0.8  # of the progress, where a conversion follows
_IMAGE_EXTRA = 64 << 20  # bytes that an image may need beside its disk, and a sixteenth of that
_WORK = ".filling-"
_HASHES = {"md5", "sha1", "sha256", "sha512"}

Tell = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What came: a file in the work directory, or a directory of an archive's files."""

    path: Path
    form: Format
    is_tree: bool = False


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """How far a download was when it was last safe on the host's disk."""

    url: str
    tag: str
    offset: int


class Filling:
    """One disk on its way. ``tell`` is called with the progress, from 0 to 1."""

    def __init__(self, job: Job, desk: Desk, tell: Tell) -> None:
        self.job = job
        self._desk = desk
        self.tell = tell
        self._target = Path(job.target)
        self._is_device = self._target.is_block_device()
        # A rename must not cross file systems; what is bound for a device stays with the job. The
        # name is the job's own: another claim of the same name may have this directory by now.
        work = self._target.parent / f"{_WORK}{desk.root.name}"
        self.work = desk.root / "work" if self._is_device else work

    @property
    def part(self) -> Path:
        """Where a stream lands."""
        return self.work / "part"

    def is_done(self) -> bool:
        """Whether an earlier worker gave the disk its name before it could tell."""
        return not self._is_device and not self.job.archive and self._target.is_file()

    def prepare(self) -> None:
        """Make the work directory. Raises ``LocalError`` when the claim's is gone."""
        with _door():
            self.work.mkdir(exist_ok=True, mode=0o700)

    def clear(self) -> None:
        """Remove what a stream left behind."""
        shutil.rmtree(self.work, ignore_errors=True)

    def resumable(self, url: str) -> Notes | None:
        """How far an earlier download of ``url`` is; None when it has to begin anew."""
        try:
            notes = msgspec.json.decode(self._desk.notes.read_bytes(), type=Notes)
        except (OSError, msgspec.MsgspecError):
            return None
        there = self.part.is_file() and self.part.stat().st_size >= notes.offset > 0
        return notes if there and notes.url == url and notes.tag else None

    def land(
        self, stream: Iterable[memoryview], total: int | None = None, notes: Notes | None = None
    ) -> Landed:
        """Take a whole stream, ``total`` bytes long if that is known. Raises ``LocalError``.

        With ``notes`` it goes on where they say; what comes is noted while it is safe to go on.
        """
        self.prepare()
        with _door():
            return self._land(_Counted(stream, self.job.source.checksum), total, notes)

    def complete(self, landed: Landed) -> None:
        """Make the disk out of what landed. Raises ``LocalError``."""
        with _door():
            if landed.is_tree:
                self._adopt_tree(landed.path)
            elif landed.form is Format.RAW:
                self._finish(landed.path)
            else:
                made = self._target if self._is_device else self.work / "new"
                disks.convert(landed.path, made, self.job.capacity, self._converting)
                if not self._is_device:
                    self._finish(made)
        self.clear()

    def blank(self) -> None:
        """Make an empty disk. Raises ``LocalError``."""
        self.prepare()
        with _door():
            if not self._is_device:
                new = self.work / "new"
                SparseFile(new, self.job.capacity).__exit__(None, None, None)
                self._finish(new)
        self.clear()

    def take_file(self, path: Path) -> Landed:
        """A whole file of ours, such as out of a registry's image, as if it had come by stream.

        It is moved when it can be, else read. Raises ``LocalError``.
        """
        self.prepare()
        with _door(), path.open("rb") as file:
            head = file.read(disks.HEAD)
            if disks.packing(head) or self.job.archive:
                file.seek(0)
                return self.land(pieces(_File(file.readinto)))
            disks.examine(path, self.job.capacity)
        return Landed(path=path, form=disks.sniff(head))

    def copy_disk(self, source: Path) -> None:
        """Make the disk a copy of another one. Raises ``LocalError``."""
        self.prepare()
        with _door():
            if self.job.archive:
                tree = self.work / "tree"
                shutil.rmtree(tree, ignore_errors=True)
                ignored = shutil.ignore_patterns(f"{_WORK}*")
                shutil.copytree(source.parent, tree, symlinks=True, ignore=ignored)
                self._adopt_tree(tree)
            else:
                self._copy_disk(source)
        self.clear()

    def _copy_disk(self, source: Path) -> None:
        size = _size(source)
        if size > self.job.capacity:
            raise Refused(
                f"the disk to copy has {size} bytes, the claim has room for {self.job.capacity}"
            )
        new = self._target if self._is_device else self.work / "new"
        disks.copy(source, new, lambda done: self.tell(done / max(size, 1)))
        if not self._is_device:
            self._finish(new)

    # --- landing -------------------------------------------------------------------------------

    def _land(self, source: _Counted, total: int | None, notes: Notes | None) -> Landed:
        if notes is not None and notes.offset:
            head = self._head(source, notes.offset)
            stream, packed = iter(source), disks.packing(head)
        else:
            head, stream = _peek(iter(source))
            packed = disks.packing(head)
        if packed is Packing.ZSTD:
            self._check_space(total, notes)
            self._write(stream, self._image_limit, notes, self._watched(source, total, _LANDING))
            source.verify()
            return self._take_unpacked()
        if packed:
            head, stream = _peek(unpacked(stream, packed))
            notes = None  # nobody can go on in the middle of a compressed stream
        return self._land_plain(source, _Plain(head, stream, bool(packed)), total, notes)

    def _land_plain(
        self, source: _Counted, plain: _Plain, total: int | None, notes: Notes | None
    ) -> Landed:
        if self.job.archive:
            tree = self.work / "tree"
            unpack_archive(plain.stream, tree, self.job.capacity)
            source.verify()
            return Landed(path=tree, form=Format.RAW, is_tree=True)
        form = plain.check(self.job.capacity)
        is_raw = form is Format.RAW
        limit = self.job.capacity if is_raw else self._image_limit
        if is_raw and not plain.packed and total is not None and total > limit:
            raise Refused(_too_large(total, limit))
        if not is_raw and not plain.packed:
            self._check_space(total, notes)
        watch = self._watched(source, total, 1 if is_raw else _LANDING)
        self._write(plain.stream, limit, notes, watch, to_stay=is_raw)
        source.verify()
        return Landed(path=self.part, form=form)

    def _head(self, source: _Counted, offset: int) -> bytes:
        """The first bytes of what an earlier worker got, all of which count for the checksum."""
        with self.part.open("rb") as file:
            source.rehash(pieces(_File(file.readinto)), offset)
            file.seek(0)
            return file.read(min(disks.HEAD, offset))

    def _write(
        self,
        stream: Iterable[memoryview],
        limit: int,
        notes: Notes | None,
        watch: Callable[[], None],
        *,
        to_stay: bool = False,
    ) -> None:
        settled = time.monotonic()
        start = notes.offset if notes else 0
        with SparseFile(self.part, limit, start, to_stay=to_stay) as file:
            for piece in stream:
                file.write(piece)
                watch()
                if notes is not None and time.monotonic() - settled > _SETTLE:
                    file.settle()
                    notes = msgspec.structs.replace(notes, offset=file.position)
                    write(self._desk.notes, msgspec.json.encode(notes))
                    settled = time.monotonic()
            file.end()

    def _check_space(self, total: int | None, notes: Notes | None) -> None:
        """Say at once that a file of ``total`` bytes without holes will not fit."""
        missing = (total or 0) - (notes.offset if notes else 0)
        free = _free(self.work)
        if missing > free:
            raise LocalError(f"the image has {missing} bytes to come, the host's disk {free} free")

    def _watched(self, source: _Counted, total: int | None, share: float) -> Callable[[], None]:
        def watch() -> None:
            if total:
                self.tell(min(source.count / total, 1.0) * share)

        return watch

    def _take_unpacked(self) -> Landed:
        """The contents of a zstd file that has landed."""
        plain = self.work / "plain"
        disks.unpack_zstd(self.part, plain, self._image_limit)
        with plain.open("rb") as file:
            head = file.read(disks.HEAD)
            opened = _Plain(head, pieces(_File(file.readinto)), packed=True)
            if self.job.archive:
                file.seek(0)
                return self._land_plain(_Counted((), ""), opened, None, None)
            form = opened.check(self.job.capacity)
        disks.examine(plain, self.job.capacity)
        return Landed(path=plain, form=form)

    @property
    def _image_limit(self) -> int:
        """The most that a file of an image of this disk may take."""
        return self.job.capacity + self.job.capacity // 16 + _IMAGE_EXTRA

    # --- completing ----------------------------------------------------------------------------

    def _converting(self, share: float) -> None:
        self.tell(_LANDING + (1 - _LANDING) * share)

    def _finish(self, path: Path) -> None:
        if self._is_device:
            disks.copy(path, self._target)
            return
        disks.grow(path, self.job.capacity)
        if self.job.preallocate:
            disks.allocate(path, self.job.capacity)
        disks.publish(path, self._target)

    def _adopt_tree(self, tree: Path) -> None:
        for entry in tree.iterdir():
            place = self._target.parent / entry.name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            entry.rename(place)


class _Counted:
    """A stream that knows how much came, and whether it was what was promised."""

    def __init__(self, stream: Iterable[memoryview], checksum: str) -> None:
        self._stream = stream
        self._algorithm, _, self._digest = checksum.partition(":")
        if checksum and self._algorithm not in _HASHES:
            known = ", ".join(sorted(_HASHES))
            raise Refused(f"checksum `{checksum}` must be one of {known}, a colon, and hex digits")
        self._hash = hashlib.new(self._algorithm) if checksum else None
        self.count = 0

    def __iter__(self) -> Iterator[memoryview]:
        for piece in self._stream:
            self.count += len(piece)
            if self._hash is not None:
                self._hash.update(piece)
            yield piece

    def rehash(self, known: Iterable[memoryview], size: int) -> None:
        """Count the first ``size`` bytes, which came earlier."""
        self.count = size
        if self._hash is None:
            return
        for piece in known:
            self._hash.update(piece[:size])
            size -= len(piece)
            if size <= 0:
                return

    def verify(self) -> None:
        """Raise ``Refused`` when the sum of all that came is another one."""
        if self._hash is not None and self._hash.hexdigest() != self._digest.lower():
            raise Refused(
                f"checksum mismatch: {self._algorithm}:{self._digest} was promised, "
                f"{self._algorithm}:{self._hash.hexdigest()} came"
            )


@dataclass(frozen=True)
class _Plain:
    """An image without compression around it."""

    head: bytes
    stream: Iterable[memoryview]
    packed: bool

    def check(self, capacity: int) -> Format:
        """Its format; raises ``Refused`` when it must not be used."""
        if not self.head:
            raise Refused("the source is empty")
        if self.packed and disks.packing(self.head):
            raise Refused("the image is compressed more than once")
        size = disks.virtual_size(self.head)
        if size > capacity:
            raise Refused(_too_large(size, capacity))
        return disks.sniff(self.head)


@dataclass(frozen=True)
class _File:
    """A file as a stream."""

    readinto: Callable[[memoryview], int]


def _peek(stream: Iterator[memoryview]) -> tuple[bytes, Iterator[memoryview]]:
    """The first bytes, and the stream with them."""
    head = b""
    for piece in stream:
        head += piece
        if len(head) >= disks.HEAD:
            break
    return head[: disks.HEAD], chain([memoryview(head)], stream) if head else iter(())


def _too_large(size: int, capacity: int) -> str:
    return (
        f"virtual image size {size} is larger than the reported available storage {capacity}; "
        "a larger claim is required"
    )


def _free(path: Path) -> int:
    """Bytes that may still be written to a file system."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def _size(path: Path) -> int:
    with path.open("rb") as file:
        return file.seek(0, 2)


@contextmanager
def _door() -> Iterator[None]:
    """The launcher's errors, and the system's, in our own terms."""
    try:
        yield
    except ImageRefused as error:
        raise Refused(str(error), error.hint) from error
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
    except tarfile.TarError as error:
        raise Refused(f"the archive cannot be read: {error}") from error
    except OSError as error:
        raise LocalError(f"cannot write the disk: {error.strerror or error}") from error
