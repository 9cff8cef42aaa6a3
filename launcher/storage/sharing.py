"""What of a machine's shared directories must be there before they are served. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from launcher import layout
from launcher.errors import SpecError
from launcher.ops.base import Op
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.spec import MachineSpec, SharedDirectory

_OF_THE_POD = (layout.INSIDE_PRIVATE, layout.INSIDE_PUBLIC, Path("/var/run/secrets"))


def directory_of(shared: SharedDirectory) -> Path:
    """Where a shared directory is, inside."""
    return Path(shared.path) if shared.of_pod else layout.inside_shared(shared.name)


def sharing_plan(spec: MachineSpec) -> Iterator[Op]:
    """Ops for the directories.

    Raises ``SpecError`` for a path that would be the host's, and for a volume without any.
    """
    if spec.shared_directories:
        yield MakeDirectory(path=str(layout.inside_virtiofs_socket("any").parent))
    for shared in spec.shared_directories:
        place = directory_of(shared)
        if shared.of_pod:
            _refuse_hosts_files(shared, place)
        elif shared.files is None and not shared.path:
            raise SpecError(f"devices.filesystems[{shared.name}]", "its volume is no directory")
        if shared.files is None:
            continue
        yield MakeDirectory(path=str(place))
        for name, content in shared.files.items():
            yield WriteFile(path=str(place / name), content=content, mode=0o644)


def _refuse_hosts_files(shared: SharedDirectory, place: Path) -> None:
    normal = Path(*(part for part in place.parts if part not in {".", ".."}))
    if normal != place or not any(normal.is_relative_to(room) for room in _OF_THE_POD):
        rooms = ", ".join(f"`{room}`" for room in _OF_THE_POD)
        raise SpecError(
            f"volumes[{shared.name}].containerPath.path",
            f"`{shared.path}` is the host's: pods share its files here",
            f"use a directory below {rooms}",
        )
