"""``local backup`` and ``local restore``: all objects and credentials of an instance in one file.

The file is a tar archive of the store, the configuration and the certificates. Disks and images are
left out: they are large, and a copy of a disk that a guest writes to is none. It holds the private
keys and the Secrets of the instance, so that only its owner may read it.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from virtctl.errors import LocalError
from virtctl.local.daemon import directory, process
from virtctl.local.layout import InstanceLayout
from virtctl.local.store import sqlite

_FORMAT = 1
_NOTE = "backup.json"
_STORE, _CONFIG, _PKI = "store.db", "config.json", "pki"
_MOST = 64  # members of an archive; an instance has a dozen


class Note(msgspec.Struct, frozen=True, rename="camel"):
    """What a backup says about itself. ``made`` is Unix time, ``layout`` that of the store."""

    format: int
    version: str
    made: int
    layout: int


@dataclass(frozen=True)
class Restored:
    """What was restored, and whether it took the place of an instance."""

    note: Note
    replaced: bool


def save(layout: InstanceLayout, target: Path, version: str) -> Note:
    """Write a backup of an instance, which may be running, to ``target``.

    A file that is there already is replaced when the backup is complete. Raises ``LocalError``.
    """
    if process.read_config(layout) is None or not layout.database.exists():
        raise LocalError(
            f"there is no instance in {layout.root}", "name the right directory with `--dir`"
        )
    if not os.access(layout.database, os.R_OK | os.W_OK):
        raise LocalError("an instance's files belong to root", "run it with sudo")
    scratch = target.with_name(f".{target.name}.new")
    copied = target.with_name(f".{target.name}.db")
    try:
        for path in (scratch, copied):
            path.unlink(missing_ok=True)
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        sqlite.copy(layout.database, copied)
        note = Note(_FORMAT, version, int(time.time()), sqlite.check(copied))
        _pack(layout, scratch, copied, note)
        scratch.replace(target)
    except OSError as error:
        raise LocalError(f"`{target}` cannot be written: {error.strerror or error}") from error
    finally:
        for path in (scratch, copied):
            path.unlink(missing_ok=True)
    return note


def _pack(layout: InstanceLayout, archive: Path, store: Path, note: Note) -> None:
    with archive.open("r+b") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            _add(tar, _NOTE, msgspec.json.encode(note))
            tar.add(store, _STORE, filter=_private)
            tar.add(layout.config, _CONFIG, filter=_private)
            for path in sorted(layout.pki.iterdir()):
                if path.is_file() and not path.name.startswith("."):
                    tar.add(path, f"{_PKI}/{path.name}", filter=_private)
        file.flush()
        os.fsync(file.fileno())


def _private(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), int(time.time())
    tar.addfile(_private(member), io.BytesIO(data))


def restore(layout: InstanceLayout, source: Path, *, replace: bool) -> Restored:
    """Put the instance of a backup into the directory, to be started by ``local up``.

    One that is there is replaced only with ``replace``, and only while nothing of it runs. Nothing
    is changed when the backup is no good. Raises ``LocalError``.
    """
    if os.geteuid() != 0:
        raise LocalError("an instance's files belong to root", "run it with sudo")
    directory.check_usable(layout)
    made = not layout.root.exists()
    layout.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    turn = directory.take_turn(layout)
    if turn is None:
        raise LocalError(f"somebody else starts or stops the instance in {layout.root}")
    with turn:
        there = layout.database.exists()
        _refuse_running(layout)
        if there and not replace:
            raise LocalError(
                f"{layout.root} holds an instance already",
                "give `--replace` to lose its objects, or choose another directory with `--dir`",
            )
        try:
            return Restored(_carry_out(layout, source), there)
        except BaseException:
            if made:
                directory.remove(layout)
            raise


def _carry_out(layout: InstanceLayout, source: Path) -> Note:
    scratch = layout.root / "restore.new"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        note = _unpack(source, scratch)
        sqlite.leap(scratch / _STORE)
        _put_in_place(layout, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return note


def _refuse_running(layout: InstanceLayout) -> None:
    from virtctl.local.node import ondisk

    running = [each.title for each in ondisk.machines(layout) if each.alive]
    if process.find(layout) is not None or running:
        raise LocalError(
            f"the instance in {layout.root} runs", "stop it with `virtctl local down` first"
        )


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise LocalError(f"`{source}` is no backup: {error}") from error
    except OSError as error:
        raise LocalError(f"`{source}` cannot be read: {error.strerror or error}") from error


def _unpack(source: Path, scratch: Path) -> Note:
    """The files of a backup in a directory of their own, looked over."""
    (scratch / _PKI).mkdir(parents=True, mode=0o700)
    with _opened(source) as tar:
        members = {}
        for member in tar:
            members[member.name] = member
            if len(members) > _MOST:
                raise LocalError(f"`{source}` is no backup: it has more than {_MOST} files")
        missing = [name for name in (_NOTE, _STORE, _CONFIG) if name not in members]
        if missing:
            raise LocalError(f"`{source}` is no backup: it has no `{missing[0]}`")
        for name, member in members.items():
            folder, _, last = name.rpartition("/")
            plain = member.isreg() and folder in {"", _PKI} and last not in {"", ".", ".."}
            if not plain:
                raise LocalError(f"`{source}` is no backup: it has `{name}`")
            data = tar.extractfile(member)
            if data is not None:
                target = scratch / name
                target.touch(mode=0o600)
                with data, target.open("wb") as file:
                    shutil.copyfileobj(data, file)
    return _looked_over(source, scratch)


def _looked_over(source: Path, scratch: Path) -> Note:
    try:
        note = msgspec.json.decode((scratch / _NOTE).read_bytes(), type=Note)
    except msgspec.DecodeError as error:
        raise LocalError(f"`{source}` is no backup: `{_NOTE}` cannot be read: {error}") from error
    if note.format > _FORMAT:
        raise LocalError(
            f"`{source}` has format {note.format}, which is newer than {_FORMAT}",
            f"use virtctl {note.version}, which made it, or a newer one",
        )
    try:
        process.read_config(InstanceLayout(scratch))
    except LocalError as error:
        raise LocalError(f"`{source}` is no backup: its `{_CONFIG}` cannot be read") from error
    sqlite.check(scratch / _STORE)
    return note


def _put_in_place(layout: InstanceLayout, scratch: Path) -> None:
    for path in scratch.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    shutil.rmtree(layout.pki, ignore_errors=True)
    (scratch / _PKI).rename(layout.pki)
    for suffix in ("-wal", "-shm", "-journal"):
        layout.database.with_name(layout.database.name + suffix).unlink(missing_ok=True)
    (scratch / _STORE).replace(layout.database)
    (scratch / _CONFIG).replace(layout.config)
