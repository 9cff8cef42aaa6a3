"""What apt says of packages: dependencies (``apt-cache depends``) and files to download."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEPENDS_ARGV = (
    "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts",
    "--no-breaks", "--no-replaces", "--no-enhances",
)  # fmt: skip
"""Prints what ``dependencies`` reads, for the packages that follow."""

URIS_ARGV = ("apt-get", "download", "--print-uris")
"""Prints what ``downloads`` reads, for the packages that follow.

apt leaves out what is in the working directory already: run it in an empty one.
"""

_RELATION = re.compile(r"^[ |]*(?:Pre)?Depends: (\S+)$")
_URI = re.compile(r"^'([^']+)' (\S+) (\d+) (\S+)$")
_LIBRARY = re.compile(r"^(lib|zlib)")

Graph = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Download:
    """A package file: its name in the download directory, its size in bytes, its checksum.

    ``checksum`` is as apt prints it, for example ``SHA256:9f86…``.
    """

    file: str
    size: int
    checksum: str


def dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """The graph in the output of ``apt-cache depends --recurse``; virtual ones have no edges."""
    graph: dict[str, list[str]] = {}
    edges: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith((" ", "<")):
            edges = graph.setdefault(line, [])
        elif found := _RELATION.match(line):
            edges.append(found[1])
    return {name: tuple(found) for name, found in graph.items()}


def with_libraries(graph: Graph, packages: Iterable[str]) -> tuple[str, ...]:
    """The packages and the library packages that they need, without anything else they ask for.

    A guest made of single programs wants no configuration frameworks or init helpers; which of
    the libraries are really linked is decided later, from the programs themselves.
    """
    wanted: dict[str, None] = {}
    queue = list(packages)
    while queue:
        name = queue.pop(0)
        if name in wanted or name not in graph:
            continue
        wanted[name] = None
        queue += [other for other in graph[name] if _LIBRARY.match(other)]
    return tuple(wanted)


def kernel_packages(graph: Graph, meta: str) -> tuple[str, ...]:
    """The packages of kernel and modules behind a meta package; empty when apt has none.

    Debian keeps both in ``linux-image-<version>``, Ubuntu has ``linux-modules-<version>`` too.
    """
    images = [name for name in graph.get(meta, ()) if re.match(r"linux-image-\d", name)]
    modules = [
        name
        for image in images[:1]
        for name in graph.get(image, ())
        if re.match(r"linux-modules-\d", name)
    ]
    return (*images[:1], *modules[:1])


def downloads(text: str) -> tuple[Download, ...]:
    """The files in the output of ``apt-get download --print-uris``."""
    return tuple(
        Download(found[2], int(found[3]), found[4])
        for line in text.splitlines()
        if (found := _URI.match(line))
    )
