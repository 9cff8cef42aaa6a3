"""What exports offer, in files that the daemon writes and the export server reads."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk at ``path``, or the files beside it for a claim that is full of files.

    One that is not there yet is ``capacity`` zeros.
    """

    path: str
    is_tree: bool = False
    capacity: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What an export offers: disks and manifests by their names, to who knows the token.

    ``service`` is the name of the Service by which pods ask for it. Names of manifests begin with
    ``internal/`` for those.
    """

    token: str
    disks: dict[str, Disk]
    manifests: dict[str, list[dict[str, object]]] = {}
    service: str = ""


def place(root: Path, namespace: str, name: str) -> Path:
    """The file of an export."""
    return root / namespace / f"{name}.json"


def places(root: Path, namespace: str = "*") -> tuple[Path, ...]:
    """The files of all exports, or of those in one namespace."""
    return tuple(sorted(root.glob(f"{namespace}/*.json")))


def certificate(root: Path, namespace: str, service: str) -> tuple[Path, Path]:
    """The certificate of an export's Service, and its key."""
    home = root / namespace
    return home / f"{service}.crt", home / f"{service}.key"
