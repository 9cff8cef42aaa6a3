"""Which VNC viewer to start, and its command line; nothing is started here."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import NamedTuple

from virtctl.errors import UsageError, VirtctlError

Which = Callable[[str], str | None]


class Viewer(NamedTuple):
    """A viewer: the words it is asked for by, programs to look for, and its arguments."""

    type: str
    programs: tuple[str, ...]
    arguments: Callable[[str, int, bool], list[str]]


def _remote_viewer(host: str, port: int, debug: bool) -> list[str]:  # noqa: FBT001
    return [f"vnc://{host}:{port}", *(["--debug"] if debug else [])]


def _tiger(host: str, port: int, debug: bool) -> list[str]:  # noqa: FBT001
    return [f"{host}:{port}", *(["Log=*:stderr:100"] if debug else [])]


def _real(host: str, port: int, debug: bool) -> list[str]:  # noqa: FBT001
    shown = [
        "-WarnUnencrypted=0",
        "-Shared=0",
        "-ShareFiles=0",
        *(["-log=*:stderr:100"] if debug else []),
    ]
    return [f"{host}:{port}", *shown]


def _chicken(host: str, port: int, debug: bool) -> list[str]:  # noqa: ARG001, FBT001
    return [f"{host}:{port}"]


_MAC = "/Applications"
VIEWERS: tuple[Viewer, ...] = (
    Viewer("remote-viewer", ("remote-viewer",), _remote_viewer),
    Viewer(
        "tiger",
        (
            "vncviewer",
            "xtigervncviewer",
            f"{_MAC}/TigerVNC.app/Contents/MacOS/TigerVNC",
            f"{_MAC}/TigerVNC Viewer*.app/Contents/MacOS/TigerVNC Viewer",  # before 1.16
        ),
        _tiger,
    ),
    Viewer("chicken", (f"{_MAC}/Chicken.app/Contents/MacOS/Chicken",), _chicken),
    Viewer("real", (f"{_MAC}/VNC Viewer.app/Contents/MacOS/vncviewer",), _real),
)


class Wish(NamedTuple):
    """What the user said: type, path (empty when not), and whether to be talkative.

    ``path`` may be a command line. ``opens`` is the program that opens ``vnc://`` addresses on the
    desktop; empty when none does. ``on_mac`` puts the applications of macOS first.
    """

    type: str = ""
    path: str = ""
    debug: bool = False
    opens: str = ""
    on_mac: bool = False


_OPENERS = frozenset({"xdg-open", "open"})


def is_opener(argv: list[str]) -> bool:
    """Whether the viewer only starts another program, and then ends."""
    return argv[0].rsplit("/", 1)[-1] in _OPENERS


def choose(wish: Wish, which: Which, host: str, port: int) -> list[str]:
    """The command line of the viewer to start. ``which`` takes patterns of paths, too.

    Raises ``UsageError`` for an unknown type, ``VirtctlError`` when there is none on this machine.
    """
    known = ", ".join(viewer.type for viewer in VIEWERS)
    order = (*VIEWERS[1:], VIEWERS[0]) if wish.on_mac else VIEWERS
    wanted = [v for v in order if not wish.type or v.type == wish.type]
    if not wanted:
        raise UsageError(f"unknown VNC viewer type `{wish.type}`: must be one of {known}")
    if wish.path:
        words = [wish.path] if which(wish.path) else shlex.split(wish.path)
        viewer = wanted[0] if wish.type else _by_path(words[0])
        return [*words, *viewer.arguments(host, port, wish.debug)]
    for viewer in wanted:
        for program in viewer.programs:
            found = which(program)
            if found:
                return [found, *viewer.arguments(host, port, wish.debug)]
    opener = wish.opens if not wish.type else ""
    if opener and which(opener):
        return [opener, f"vnc://{host}:{port}"]
    raise VirtctlError(
        "no VNC viewer found: looked for remote-viewer and vncviewer",
        "install virt-viewer or tigervnc-viewer, name one with --vnc-path, or use --browser",
    )


def _by_path(path: str) -> Viewer:
    base = path.rsplit("/", 1)[-1].lower()
    by_address = "remote-viewer" in base or base in _OPENERS
    return VIEWERS[0] if by_address else VIEWERS[1]
