"""The daemon's log, kept small: a full one becomes ``daemon.log.1``, and a new one is begun.

All that the process writes to its standard output and error goes there too, so that these are what
is turned to the new file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path

MOST_BYTES = 16 * 1024 * 1024
_LOOK_AFTER = 64  # entries


class RotatingLog(logging.StreamHandler):  # type: ignore[type-arg]
    """Entries to standard error; ``path`` is rotated when it is there that they go."""

    def __init__(self, path: Path, most: int = MOST_BYTES, look_after: int = _LOOK_AFTER) -> None:
        super().__init__(sys.stderr)
        self._path = path
        self._most = most
        self._look_after = look_after
        self._entries = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry, and look now and then how long the log is."""
        super().emit(record)
        self._entries += 1
        if self._entries >= self._look_after:
            self._entries = 0
            with contextlib.suppress(OSError):  # a disk that is full keeps the one log
                rotate(self._path, self._most, (1, 2))


def rotate(path: Path, most: int, descriptors: tuple[int, ...]) -> bool:
    """Begin ``path`` anew if it has ``most`` bytes or more; whether that was done.

    Those of ``descriptors`` that write to it go on in the new file. Raises ``OSError``.
    """
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    ours = [each for each in descriptors if os.path.samestat(os.fstat(each), now)]
    if now.st_size < most or not ours:
        return False
    scratch = path.with_name(f".{path.name}.new")
    fresh = os.open(
        scratch, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, now.st_mode & 0o777
    )
    try:
        path.replace(path.with_name(f"{path.name}.1"))
        scratch.replace(path)
        for each in ours:
            os.dup2(fresh, each)
    finally:
        os.close(fresh)
    return True
