"""Ask apt for packages and fetch their files, without installing anything."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from launcher.errors import HostError, ProgramError
from launcher.guestimage import aptsources, packages
from launcher.system import process

_ENVIRONMENT = {"LC_ALL": "C"}
# As root apt would fetch as user _apt, which may not write to the cache.
_OPTIONS = ("-o", "APT::Sandbox::User=root")
_UPDATE = "run `apt-get update` first"
_ETC = Path("/etc/apt")


def kernel_and_graph(
    kernels: Sequence[str], programs: Sequence[str] = ()
) -> tuple[str, packages.Graph]:
    """The first kernel (a meta package) that apt knows, and the dependencies of all named.

    Raises ``HostError`` when apt knows none of the kernels.
    """
    for meta in kernels:
        asked = process.run(
            [*packages.DEPENDS_ARGV, meta, *programs], env=_ENVIRONMENT, check=False
        )
        graph = packages.dependencies(asked.stdout)
        if packages.kernel_packages(graph, meta):
            return meta, graph
    known = ", ".join(f"`{kernel}`" for kernel in kernels)
    raise HostError(f"apt knows no kernel package for guests ({known})", _UPDATE)


def download(names: Sequence[str], cache: Path, say: Callable[[str], None]) -> list[Path]:
    """Files of these packages in ``cache``; only what is not there yet is fetched.

    ``say`` is told of a download. Raises ``HostError`` when apt refuses.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:
        asked = _apt([*packages.URIS_ARGV, *_OPTIONS, *names], Path(empty))
    found = packages.downloads(asked)
    missing = [file for file in found if not _is_there(cache, file)]
    if missing:
        size = sum(file.size for file in missing) / 1e6
        say(f"downloading {len(missing)} packages, {size:.1f} MB")
        _apt(["apt-get", "download", "-q", *_OPTIONS, *names], cache)
    for file in found:
        if not _is_there(cache, file):
            raise HostError(f"apt did not download `{file.file}` as announced")
    return [cache / file.file for file in found]


def portable_sources(etc: Path = _ETC) -> str:
    """This machine's own sources, as far as a guest could use them.

    Raises ``HostError`` when there are none.
    """
    files = [etc / "sources.list", *(etc / "sources.list.d").glob("*")]
    texts = {
        file.name: file.read_text()
        for file in files
        if file.is_file() and file.suffix in {".list", ".sources"}
    }
    found = aptsources.portable(texts)
    if not found:
        raise HostError(f"`{etc}` names no package source that is reached by network")
    return found


def _apt(argv: Sequence[str], cwd: Path) -> str:
    try:
        return process.run(argv, env=_ENVIRONMENT, cwd=cwd).stdout
    except ProgramError as error:
        raise HostError(str(error), _UPDATE) from error


def _is_there(cache: Path, file: packages.Download) -> bool:
    path = cache / file.file
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    kind, _, digest = file.checksum.partition(":")
    return kind != "SHA256" or hashlib.sha256(path.read_bytes()).hexdigest() == digest
