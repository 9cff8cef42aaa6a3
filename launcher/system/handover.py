"""Files of a machine that its guest goes on using in another pod of the same host.

What a guest writes over its images, and the small disks that were made for it, are files in the
machine's own directory. They get a second name in the directory of the machine that takes the guest
over, so nothing is copied, and whoever ends first takes only its own name away.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from launcher import layout
from launcher.errors import HostError
from launcher.layout import MachineLayout

_PRIVATE = (
    "config-map-disks",
    "secret-disks",
    "downwardapi-disks",
    "sysprep-disks",
    "service-account-disk",
    str(layout.INSIDE_NVRAM.relative_to(layout.INSIDE_PRIVATE)),
)


def share_files(source: MachineLayout, target: MachineLayout) -> None:
    """Give the files of a machine's disks a second name in another's directory.

    May be repeated. Raises ``HostError``.
    """
    pairs = [(source.ephemeral, target.ephemeral), (source.libvirt, target.libvirt)]
    pairs += [(source.private / room, target.private / room) for room in _PRIVATE]
    try:
        for old, new in pairs:
            if old.is_dir():
                _share(old, new)
    except OSError as error:
        raise HostError(f"cannot share the files of `{source.root}`: {error}") from error


def _share(old: Path, new: Path) -> None:
    new.mkdir(parents=True, exist_ok=True)
    _own_like(old, new)
    for entry in old.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _share(entry, new / entry.name)
        elif entry.is_file() and not entry.is_symlink():
            with suppress(FileExistsError):
                os.link(entry, new / entry.name)


def _own_like(old: Path, new: Path) -> None:
    told = old.stat()
    os.chown(new, told.st_uid, told.st_gid)
    new.chmod(told.st_mode & 0o7777)
