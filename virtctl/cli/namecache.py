"""Names of objects for completion, kept between key presses.

A file for each question, in the user's cache directory; what cannot be read or written is as if it
were not there. Questions are told apart by everything that decides who is asked: kubeconfig files
with their times, global flags, and the kind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import NamedTuple

from virtctl.cli.env import Env
from virtctl.cli.flags import GlobalFlags
from virtctl.errors import VirtctlError

FRESH, USABLE = 30.0, 86400.0
"""Seconds that names are taken for right, and for better than none."""

_AGAIN = 5.0


class Entry(NamedTuple):
    """An answer: its names, when it came, and when it was last asked for."""

    names: list[str]
    when: float
    tried: float


NOTHING = Entry([], 0.0, 0.0)


class NameCache:
    """Answers to one user's questions."""

    def __init__(self, env: Env, flags: GlobalFlags) -> None:
        self.env = env
        self.flags = flags

    def names(
        self, word: str, ask: Callable[[], list[str]], later: Callable[[], None]
    ) -> list[str]:
        """Names of ``word``'s objects: kept ones while fresh, else what ``ask`` gives at once.

        ``ask`` returns quickly or raises ``VirtctlError`` or OSError; then the kept ones are better
        than none, and ``later`` is called to have them renewed.
        """
        now = self.env.now()
        entry = self.read(word)
        if now - entry.when < FRESH:
            return entry.names
        try:
            found = ask()
        except (VirtctlError, OSError):
            if now - entry.tried > _AGAIN:
                self._write(word, entry._replace(tried=now))
                later()
            return entry.names if now - entry.when < USABLE else []
        self.keep(word, found)
        return found

    def read(self, word: str) -> Entry:
        """What is kept; ``NOTHING`` without."""
        try:
            with open(self._path(word), encoding="utf-8") as stream:  # noqa: PTH123 - pathlib costs
                return Entry(*json.load(stream))
        except (OSError, ValueError, TypeError):
            return NOTHING

    def keep(self, word: str, names: list[str]) -> None:
        """Keep an answer."""
        now = self.env.now()
        self._write(word, Entry(names, now, now))

    def _write(self, word: str, entry: Entry) -> None:
        try:
            path = self._path(word)
            fresh = f"{path}.{os.getpid()}"
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            with open(fresh, "w", encoding="utf-8") as stream:  # noqa: PTH123
                json.dump(entry, stream)
            os.replace(fresh, path)  # noqa: PTH105
        except OSError:
            return

    def _path(self, word: str) -> str:
        base = self._directory()
        if not base:
            raise FileNotFoundError(2, "no cache directory")
        from hashlib import blake2b

        absolute = {name: self.env.path(path) for name, path in self.flags.files().items()}
        question = json.dumps([word, self.flags.argv(absolute), self._kubeconfigs()])
        digest = blake2b(question.encode(), digest_size=12).hexdigest()
        return os.path.join(base, "virtctl", "names", digest)  # noqa: PTH118

    def _directory(self) -> str:
        """The user's directory of caches; empty when there is none."""
        environ = self.env.environ
        given = environ.get("XDG_CACHE_HOME") or environ.get("LOCALAPPDATA")
        return given or (self.env.path("~/.cache") if self.env.home else "")

    def _kubeconfigs(self) -> list[tuple[str, float]]:
        given = self.flags.text("kubeconfig") or self.env.environ.get("KUBECONFIG")
        parts = (given or "~/.kube/config").split(os.pathsep)
        return [(path, _changed(path)) for part in parts if (path := self.env.path(part))]


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116
    except OSError:
        return 0.0
