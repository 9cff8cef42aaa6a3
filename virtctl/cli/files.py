"""``-f``: manifests from files, directories and stdin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.errors import ApiError, UsageError, VirtctlError
from virtctl.manifests.loading import Manifest, load

FileNames = Annotated[
    list[str],
    Option(
        "--filename", "-f", help="File, directory, or `-` for stdin.",
        metavar="FILE", complete="file", split=True,
    ),
]  # fmt: skip
Recursive = Annotated[bool, Option("--recursive", "-R", help="Look into directories below.")]
_ENDINGS = frozenset({".yaml", ".yml", ".json"})


def manifests(session: Session, names: list[str], *, recursive: bool) -> list[Manifest]:
    """All manifests named, in order; directories by file name.

    Raises ``UsageError`` for none and for URLs, ``VirtctlError`` for what cannot be read.
    """
    if not names:
        raise UsageError("missing flag `--filename`", "name a file, a directory, or `-` for stdin")
    found: list[Manifest] = []
    for name in names:
        if name == "-":
            found.extend(load(session.env.stdin.read(), "stdin"))
        elif name.startswith(("http://", "https://")):
            raise UsageError(
                f"`{name}` is a URL; nothing is fetched", f"curl -L {name} | virtctl apply -f -"
            )
        else:
            for path in _paths(Path(session.env.path(name)), name, recursive=recursive):
                found.extend(load(path.read_bytes(), _shown(path, session.env.cwd)))
    if not found:
        raise VirtctlError(f"no objects in {', '.join(names)}")
    return found


def only(session: Session, name: str) -> Manifest:
    """The one object of a file. Raises ``VirtctlError`` when there is none or more."""
    found = manifests(session, [name], recursive=False)
    if len(found) > 1:
        raise VirtctlError(f"{found[1].place()}: there is more than one object in `{name}`")
    return found[0]


def _paths(path: Path, name: str, *, recursive: bool) -> list[Path]:
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.glob("*")
        return sorted(p for p in inside if p.suffix in _ENDINGS and p.is_file())
    if not path.exists():
        raise VirtctlError(f"file `{name}` does not exist")
    return [path]


def _shown(path: Path, cwd: str) -> str:
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def place(manifest: Manifest, error: VirtctlError) -> str:
    """``file:line`` of what ``error`` complains of, as exactly as it says."""
    fields = [cause.field for cause in error.details.causes] if isinstance(error, ApiError) else []
    fields += re.findall(r'(?:unknown|duplicate) field "([^"]+)"', str(error))
    return manifest.place(next((field for field in fields if field), ""))
