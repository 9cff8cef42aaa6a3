"""Ops on files and directories."""

from __future__ import annotations

import shlex

from launcher.ops.base import Op


class MakeDirectory(Op, frozen=True, kw_only=True):
    """Make a directory and its parents; one that exists stays as it is."""

    path: str
    mode: int = 0o755

    def describe(self) -> str:
        return f"mkdir -p -m {self.mode:04o} {shlex.quote(self.path)}"


class WriteFile(Op, frozen=True, kw_only=True):
    """Write a file at once, in place of whatever is there."""

    path: str
    content: bytes
    mode: int = 0o600

    def describe(self) -> str:
        path = shlex.quote(self.path)
        return f"install -m {self.mode:04o} /dev/stdin {path} # {len(self.content)} bytes"


class RemovePath(Op, frozen=True, kw_only=True):
    """Remove a file or a whole directory; one that is not there is fine."""

    path: str

    def describe(self) -> str:
        return f"rm -rf {shlex.quote(self.path)}"


FileOp = MakeDirectory | WriteFile | RemovePath
