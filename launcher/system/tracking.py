"""Overlays that keep track of a disk's changed blocks, and whether they still are of that disk.

An overlay holds no data, only what has changed since when. Whoever writes to the disk past it makes
it lie, so beside it stands what the disk was when its last guest ended: with any other it is made
anew, and the next backup is a full one.
"""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from launcher.errors import HostError, ProgramError
from launcher.ops.tracking import MakeTracking
from launcher.spec import MachineSpec
from launcher.storage.provision import tracking
from launcher.system import files, process

_log = logging.getLogger(__name__)
_PATIENCE = 60.0  # seconds


def make(op: MakeTracking) -> None:
    """Have an overlay of the disk as it is. Raises ``HostError``; blocks."""
    path, data = Path(op.path), Path(op.data)
    is_of = identity(data)
    if is_of and path.exists() and _said(path) == is_of:
        return
    files.remove(path)
    _beside(path).unlink(missing_ok=True)
    # Making it empties the file that is to hold the data, so that is another one, which then goes.
    empty = path.with_name(f".{path.name}.empty")
    options = f"data_file={empty},data_file_raw=on"
    create: list[str | Path] = [
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-o",
        options,
        path,
        str(_size(data)),
    ]
    try:
        process.run(create, timeout=_PATIENCE)
        process.run(["qemu-img", "amend", "--image-opts", *_amendment(op)], timeout=_PATIENCE)
    except ProgramError as error:
        files.remove(path)
        raise HostError(f"cannot keep track of `{data}`: {error}") from error
    finally:
        empty.unlink(missing_ok=True)
    path.chmod(0o640)
    _beside(path).write_text(is_of)


def seal(spec: MachineSpec) -> None:
    """Write down what a machine's tracked disks are, now that its guest has ended; blocks."""
    for disk in spec.disks:
        for op in tracking(disk):
            if isinstance(op, MakeTracking) and Path(op.path).exists():
                try:
                    _beside(Path(op.path)).write_text(identity(Path(op.data)))
                except OSError as error:
                    _log.warning("the next backup of %s will be a full one: %s", disk.name, error)


def identity(data: Path) -> str:
    """What distinguishes a disk, as it is now, from others and other times; empty: nothing."""
    try:
        status = data.stat()
        if stat.S_ISBLK(status.st_mode):
            name = Path(f"/sys/class/block/{data.resolve().name}/loop/backing_file").read_text()
            status = Path(name.strip()).stat()
    except OSError:
        return ""
    return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _amendment(op: MakeTracking) -> list[str]:
    driver = "host_device" if op.block else "file"
    parts = (
        "driver=qcow2", f"file.driver=file,file.filename={op.path}",
        f"data-file.driver={driver},data-file.filename={op.data}",
    )  # fmt: skip
    return ["-o", f"data_file={op.data}", ",".join(parts)]


def _size(data: Path) -> int:
    with data.open("rb") as file:
        return file.seek(0, 2)


def _said(path: Path) -> str:
    try:
        return _beside(path).read_text()
    except OSError:
        return ""


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.data")
