"""``python -m virtctl.local.imports DIRECTORY``: do the job in there, tell how it went.

With ``--serve DESCRIPTOR DIRECTORY CERTIFICATE KEY`` it is the upload proxy, with ``--export`` and
the same words the export server.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from virtctl.local.imports.job import Desk

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """End with whoever started us, and never work beside another worker."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    if sys.argv[1] in {"--serve", "--export"}:
        flag, descriptor, *paths = sys.argv[1:]
        root, certificate, key = map(Path, paths)
        _server(flag)(int(descriptor), root, certificate, key)
        return
    from virtctl.local.imports.worker import work

    desk = Desk(Path(sys.argv[1]))
    with desk.turn():
        work(desk)


def _server(flag: str) -> Callable[[int, Path, Path, Path], None]:
    if flag == "--export":
        from virtctl.local.imports import exports

        return exports.serve
    from virtctl.local.imports import proxy

    return proxy.serve


if __name__ == "__main__":
    main()
