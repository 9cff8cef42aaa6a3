"""An instance's directory: whether it is one, whose turn it is, and its removal.

A directory that is named by mistake must lose nothing: only what an instance keeps there is ever
removed, and an instance is never put between other files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from virtctl.errors import LocalError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.layout import InstanceLayout

# What a start that failed leaves: reasons, and what was not made by it.
_KEPT_AFTER_FAILURE = frozenset({"cache", "daemon.log", "images", "lock"})


def is_instance(layout: InstanceLayout) -> bool:
    """Whether the directory is an instance's, or was before its files were damaged.

    One that holds images and nothing else counts too; an empty one does not.
    """
    names = _names(layout)
    if layout.config.name in names:
        try:
            if process.read_config(layout) is not None:
                return True
        except LocalError:
            pass
    made = layout.database.exists() and (layout.pki / "server.hosts").exists()
    return made or (bool(names) and names <= layout.entries)


def known_config(layout: InstanceLayout) -> LocalConfig | None:
    """The configuration to clean up with: that on disk, or the default one if it is damaged.

    None when nothing of the instance can be on the host. The nodes that were really made are in
    the note of what was changed on the host, whatever the configuration says.
    """
    try:
        found = process.read_config(layout)
    except LocalError:
        found = None
    return found or (LocalConfig() if layout.host.exists() else None)


def check_usable(layout: InstanceLayout) -> None:
    """Refuse to put an instance between other files. Raises ``LocalError``."""
    if layout.root.exists() and not layout.root.is_dir():
        raise LocalError(f"`{layout.root}` is not a directory", "choose another with `--dir`")
    others = sorted(_names(layout) - layout.entries)
    if others and not is_instance(layout):
        raise LocalError(
            f"`{layout.root}` holds other files, such as `{others[0]}`",
            "choose an empty or a new directory with `--dir`",
        )


def remove(layout: InstanceLayout) -> tuple[str, ...]:
    """Remove all that is the instance's, and the directory when it is empty then.

    Returns the names of what is left because it is not ours.
    """
    _remove_entries(layout, layout.entries)
    others = sorted(_names(layout))
    if not others and layout.root.is_dir():
        layout.root.rmdir()
    return tuple(others)


def forget_failed(layout: InstanceLayout, *, made: bool) -> None:
    """Remove what a first start that failed has written; images and the log stay.

    ``made`` tells that the directory was not there before.
    """
    _remove_entries(layout, layout.entries - _KEPT_AFTER_FAILURE)
    if made and _names(layout) <= {layout.lock.name}:
        remove(layout)


def _remove_entries(layout: InstanceLayout, names: Iterable[str]) -> None:
    for name in names:
        path = layout.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _names(layout: InstanceLayout) -> set[str]:
    try:
        return {entry.name for entry in layout.root.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()


class Turn:
    """The right to start or stop the instance; given up at the end of ``with``, or by dying."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def take_turn(layout: InstanceLayout) -> Turn | None:
    """The turn, or None while somebody else has it. The directory must exist."""
    while True:
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _is_still(layout.lock, descriptor):
            return Turn(descriptor)
        os.close(descriptor)  # its last holder removed the file


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
