"""Disks of claims: written from streams, converted from untrusted images, copied and grown.

Programs that open an image run under limits of memory, time and file size, and end with us. Sizes
are bytes. All functions but ``open_shell`` block; they raise ``HostError``, for an image that
will never do its kind ``ImageRefused``.
"""

from __future__ import annotations

import os
import re
import select
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.errors import HostError, ImageRefused, ProgramError
from launcher.guestimage import formats, qemuimg
from launcher.guestimage.formats import HEAD, Format, Packing, packing, sniff
from launcher.guestimage.qemuimg import ImageInfo
from launcher.system import process
from launcher.system.diskfiles import CHUNK, SparseFile, allocate, copy, publish

if TYPE_CHECKING:
    from launcher.system.podexec import PodProcess

__all__ = [
    "CHUNK",
    "HEAD",
    "Format",
    "Packing",
    "SparseFile",
    "allocate",
    "convert",
    "copy",
    "examine",
    "grow",
    "open_shell",
    "packing",
    "publish",
    "sniff",
    "unpack_zstd",
    "virtual_size",
]

Share = Callable[[float], None]
"""Told how much of the work is done, from 0 to 1."""

_GIB = 1 << 30
_LOOK_MEMORY, _LOOK_SECONDS = _GIB, 30
_WORK_MEMORY, _WORK_SECONDS, _SECONDS_A_GIB = 2 * _GIB, 120, 60
_POLL = 0.05
_FEW, _MANY = "2", "8"  # pieces at once: more only help where there is much to decompress
_SHARE = re.compile(rb"\((\d+\.\d+)/100%\)")
_LEAKS = 3  # qemu-img check's exit code for clusters that nothing uses
_UNCHECKED = 63  # and for formats that it cannot check


def examine(path: Path, limit: int) -> ImageInfo:
    """What an image from anywhere is; raises ``ImageRefused`` when it must not be used.

    It must stand alone, be whole, and its disk have at most ``limit`` bytes.
    """
    return _examine(path, limit)[0]


def _examine(path: Path, limit: int) -> tuple[ImageInfo, bool]:
    """As ``examine``, and whether there is much to decompress."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    form, declared = sniff(head), formats.check(head)
    _check_size(declared, limit)
    if form is Format.RAW:
        size = path.stat().st_size
        _check_size(size, limit)
        return ImageInfo(format=form, virtual_size=size, actual_size=size), False
    try:
        words: list[str | Path] = [*qemuimg.INFO_ARGV, "-f", form, path]
        info = qemuimg.parse(_limited(words).stdout)
    except ProgramError as error:
        raise ImageRefused(f"the {form} image cannot be read: {error}") from error
    if info.backing_file:
        raise ImageRefused(f"the image refers to another file, `{info.backing_file}`")
    _check_size(info.virtual_size, limit)
    return info, _check_whole(path, form, info.virtual_size)


def virtual_size(head: bytes) -> int:
    """The disk's size by an image's first ``HEAD`` bytes; 0 where they do not tell.

    Raises ``ImageRefused`` for an image that must not be used.
    """
    return formats.check(head)


def convert(source: Path, target: Path, limit: int, share: Share | None = None) -> int:
    """Write the disk in ``source`` to ``target`` as raw, without its zeros; returns its size.

    ``source`` is examined first. ``target`` may be a block device that is large enough.
    """
    info, compressed = _examine(source, limit)
    kept = ["-n"] if target.is_block_device() else []
    at_once = ["-m", _MANY if compressed else _FEW]
    words = ["convert", "-p", "-t", "writeback", *at_once, "-f", info.format, "-O", "raw", *kept]
    program: list[str | Path] = ["qemu-img", *words, source, target]
    argv = _under(program, _WORK_MEMORY, _seconds(info.virtual_size), limit)
    said = target.parent / f".{target.name}.{os.getpid()}.said"
    try:
        _watch(argv, said, share or _silent)
    finally:
        said.unlink(missing_ok=True)
    return info.virtual_size


def grow(path: Path, size: int) -> None:
    """Make a raw disk ``size`` bytes large; it never becomes smaller."""
    if path.is_block_device() or path.stat().st_size >= size:
        return
    try:
        os.truncate(path, size)
    except OSError as error:
        raise HostError(f"cannot grow `{path}` to {size} bytes: {error.strerror}") from error


def unpack_zstd(source: Path, target: Path, limit: int) -> None:
    """Decompress a zstd file into at most ``limit`` bytes; raises ``ImageRefused``."""
    argv: list[str | Path] = ["zstd", "-q", "-d", "-f", "--sparse", "-o", target, source]
    try:
        process.run(_under(argv, _GIB, _seconds(limit), limit))
    except ProgramError as error:
        raise ImageRefused(f"the zstd stream cannot be unpacked: {error}") from error


async def open_shell(
    disk: Path, hidden: Sequence[Path], argv: Sequence[str], *, tty: bool, stdin: bool, kvm: bool
) -> PodProcess:
    """Start a program without rights in the directory of a disk, which it may write.

    What is in ``hidden`` it finds empty; it may use KVM when ``kvm`` says so. Raises ``HostError``
    when there is no such disk.
    """
    # Workers have no event loop, and start sooner without the code of one.
    from launcher.system import toolshell

    return await toolshell.spawn(disk, hidden, argv, tty=tty, stdin=stdin, kvm=kvm)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ImageRefused(
            f"virtual image size {size} is larger than the reported available storage {limit}",
            "ask for a larger claim",
        )


def _check_whole(path: Path, form: Format, size: int) -> bool:
    """Refuse an image that is cut off or damaged: reading it would give zeros, and no error.

    Returns whether it has compressed clusters.
    """
    argv: list[str | Path] = ["qemu-img", "check", "--output=json", "-f", form, path]
    done = process.run(_under(argv, _WORK_MEMORY, _seconds(size), 0), check=False)
    if done.returncode < 0:
        raise ImageRefused(f"checking the image took more than it may: signal {-done.returncode}")
    if done.returncode not in {0, _LEAKS, _UNCHECKED}:
        said = done.stderr.strip().splitlines()
        raise ImageRefused(
            f"the {form} image is damaged: {said[0] if said else 'see qemu-img check'}"
        )
    return qemuimg.has_compressed(done.stdout)


def _limited(argv: Sequence[str | Path]) -> process.Completed:
    words = _under(argv, _LOOK_MEMORY, _LOOK_SECONDS, 0)
    return process.run(words, timeout=4 * _LOOK_SECONDS)


def _seconds(size: int) -> int:
    """Processor seconds that work on a disk of ``size`` bytes may take."""
    return _WORK_SECONDS + _SECONDS_A_GIB * (size // _GIB + 1)


def _under(argv: Sequence[str | Path], memory: int, seconds: int, size: int) -> list[str | Path]:
    """``argv`` so that it ends when we do, and cannot take more than it may."""
    limits = [f"--as={memory}", f"--cpu={seconds}", "--core=0"]
    if size:
        limits.append(f"--fsize={size}")
    program = process.find(str(argv[0]))
    return ["setpriv", "--pdeathsig", "KILL", "prlimit", *limits, "--", program, *argv[1:]]


def _watch(argv: Sequence[str | Path], said: Path, share: Share) -> None:
    """Run a conversion; raises ``ProgramError`` with what it said."""
    running = process.spawn(argv, log=said)
    try:
        for _ in _until_end(running.pid):
            found = _SHARE.findall(said.read_bytes()[-200:])
            if found:
                share(float(found[-1]) / 100)
        code = running.wait()
    except BaseException:
        running.kill()
        running.poll()
        raise
    if code < 0:
        raise ImageRefused(f"converting the image took more than it may: signal {-code}")
    if code:
        text = said.read_bytes().decode(errors="replace").rpartition("\r")[2].strip()
        raise ProgramError([str(word) for word in argv], code, text)


def _until_end(child: int) -> Iterator[None]:
    """Now and then as long as a child of ours runs; its end is not waited for in vain."""
    ended = os.pidfd_open(child)
    try:
        while not select.select([ended], [], [], _POLL)[0]:
            yield
    finally:
        os.close(ended)


def _silent(_: float) -> None:
    """Progress that nobody watches."""
