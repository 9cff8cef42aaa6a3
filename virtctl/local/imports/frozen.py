"""Disks that nobody writes: copied, whole or not there at all, and grown.

All functions block and raise ``LocalError``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from launcher import disks
from launcher.errors import LauncherError
from virtctl.errors import LocalError


def partial(target: Path) -> Path:
    """Where a copy is while it is made."""
    return target.with_name(f".{target.name}.partial")


def make_place(target: Path) -> Path:
    """Make the directory of a copy, without what an earlier attempt left; where it is made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        left = partial(target)
        if left.is_dir():
            shutil.rmtree(left)
        left.unlink(missing_ok=True)
    except OSError as error:
        raise LocalError(f"cannot make `{target.parent}`: {error.strerror}") from error
    return partial(target)


def copy(source: Path, place: Path, size: int) -> None:
    """Copy a disk to ``place``; one that does not exist yet is ``size`` zeros."""
    try:
        if source.exists():
            disks.copy(source, place)
        else:
            place.touch(mode=0o600)
            disks.grow(place, size)
    except (LauncherError, OSError) as error:
        raise LocalError(f"cannot copy `{source}`: {error}") from error


def copy_tree(source: Path, place: Path, *, without: str = "") -> None:
    """Copy a claim's files to ``place``, which becomes a directory; ``without`` names one."""
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        ignored = shutil.ignore_patterns(without, ".*.partial")
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise LocalError(f"cannot copy `{source}`: {error}") from error


def publish_tree(target: Path) -> int:
    """Give a copy of files its name when it is safe on the host's disk; returns its bytes."""
    try:
        os.sync()
        shutil.rmtree(target, ignore_errors=True)
        partial(target).rename(target)
        return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    except OSError as error:
        raise LocalError(f"cannot keep `{target}`: {error.strerror}") from error


def grow(path: Path, size: int) -> None:
    """Make a disk larger, if it is there; it never becomes smaller."""
    try:
        if path.exists():
            disks.grow(path, size)
    except (LauncherError, OSError) as error:
        raise LocalError(f"cannot grow `{path}`: {error}") from error


def publish(target: Path) -> int:
    """Give a copy its name when it is safe on the host's disk; returns its size in bytes."""
    try:
        disks.publish(partial(target), target)
        return target.stat().st_size
    except (LauncherError, OSError) as error:
        raise LocalError(f"cannot keep `{target}`: {error}") from error
