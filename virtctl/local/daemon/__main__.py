"""The daemon's entry point: ``python -m virtctl.local.daemon --dir D --word-fd W --ready-fd N``.

It loads its code at once, and does nothing else until somebody writes to W; when that is closed
instead, it goes away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from virtctl.errors import LocalError, VirtctlError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon.memory import give_back, prepare
from virtctl.local.daemon.process import read_config, write_identity
from virtctl.local.daemon.rotation import RotatingLog
from virtctl.local.layout import InstanceLayout

_SETTLED_SECONDS = 10.0
Laid = TypeVar("Laid")


class Ready:
    """Tells the starter, once, that the daemon answers or why it cannot."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def succeed(self) -> None:
        """The API answers and the nodes are Ready."""
        self._tell({"ready": True})
        # Not while controllers still look at everything for the first time.
        asyncio.get_running_loop().call_later(_SETTLED_SECONDS, give_back)

    def fail(self, error: BaseException) -> None:
        """The daemon cannot start because of ``error``."""
        hint = error.hint if isinstance(error, VirtctlError) else None
        self._tell({"ready": False, "error": str(error) or type(error).__name__, "hint": hint})

    def _tell(self, message: dict[str, object]) -> None:
        if self._descriptor is None:
            return
        # The starter may have given up; that is its own affair.
        with contextlib.suppress(OSError):
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")
        os.close(self._descriptor)
        self._descriptor = None


def configure_logging(path: Path) -> None:
    """One line an entry: UTC time, level, component, message; ``path`` is where it all goes."""
    handler = RotatingLog(path)
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("uvicorn.access", "websockets.server", "httpx", "httpcore", "pyroute2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def main() -> None:
    """Run until SIGTERM; exit 1 when the daemon cannot start."""
    parser = argparse.ArgumentParser(prog="virtctl.local.daemon")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--word-fd", type=int)
    parser.add_argument("--ready-fd", type=int)
    arguments = parser.parse_args()
    prepare()
    # Also loads what the other thread needs, so that no two load at the same time.
    from virtctl.local.node.foundation import lay

    layout = InstanceLayout(arguments.dir)
    ready = Ready(arguments.ready_fd)
    with ThreadPoolExecutor(1) as beside:
        begun = beside.submit(_begin, layout, arguments.word_fd, lay)
        with contextlib.suppress(Exception):  # raised once more where it can be told
            import virtctl.local.bootstrap  # loaded while it may yet be refused

            if not begun.done():
                import virtctl.local.bootstrap.jobs  # noqa: F401 - nobody can be answered yet
    try:
        found = begun.result()
        if found is None:
            return
        from virtctl.local.bootstrap import run

        run(layout, *found, ready.succeed)
    except BaseException as error:
        logging.getLogger("daemon").exception("cannot go on")
        ready.fail(error)
        sys.exit(1)


def _begin(
    layout: InstanceLayout, word: int | None, lay: Callable[[InstanceLayout, LocalConfig], Laid]
) -> tuple[LocalConfig, Laid] | None:
    """Become the instance's daemon when told so, and ``lay``; None when it is not to be."""
    if word is not None:
        if not _told(word):
            return None
        _write_to(layout.log)
    configure_logging(layout.log)
    config = read_config(layout)
    if config is None:
        raise LocalError(f"there is no instance in `{layout.root}`")
    write_identity(layout, config.version)
    return config, lay(layout, config)


def _told(descriptor: int) -> bool:
    """Wait until the word comes; False when nobody is left to say it."""
    word = os.read(descriptor, 1)
    os.close(descriptor)
    return bool(word)


def _write_to(log: Path) -> None:
    """Standard output and error go to ``log`` from now on."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.close(descriptor)


if __name__ == "__main__":
    main()
