"""Ops on disk images. Paths are those inside the pod; sizes are bytes."""

from __future__ import annotations

import shlex

from launcher.ops.base import Op


class MakeOverlay(Op, frozen=True, kw_only=True):
    """Make a qcow2 that takes the guest's writes over an image that stays as it is."""

    path: str
    backing: str
    backing_format: str

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that does it."""
        options = ("-q", "-f", "qcow2", "-F", self.backing_format, "-b", self.backing)
        return ("qemu-img", "create", *options, self.path)

    def describe(self) -> str:
        return shlex.join(self.argv)


class MakeQcow2(Op, frozen=True, kw_only=True):
    """Make an empty qcow2 of a size."""

    path: str
    size: int

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that does it."""
        return ("qemu-img", "create", "-q", "-f", "qcow2", self.path, str(self.size))

    def describe(self) -> str:
        return shlex.join(self.argv)


class MakeSparse(Op, frozen=True, kw_only=True):
    """Make a raw image without allocating it; one that exists stays as it is."""

    path: str
    size: int

    def describe(self) -> str:
        path = shlex.quote(self.path)
        return f"[ -e {path} ] || truncate -s {self.size} {path}"


class GrowRaw(Op, frozen=True, kw_only=True):
    """Let a raw image grow to a size, as far as its file system has room; it never shrinks."""

    path: str
    size: int

    def describe(self) -> str:
        path = shlex.quote(self.path)
        return f"[ $(stat -c %s {path}) -ge {self.size} ] || truncate -s {self.size} {path}"


class MakeIso(Op, frozen=True, kw_only=True):
    """Write an ISO 9660 image of some files, by their paths in it; nobody but root may read it."""

    path: str
    label: str
    files: dict[str, bytes]

    def describe(self) -> str:
        grafts = (
            shlex.quote(f"{name}={len(content)} bytes") for name, content in self.files.items()
        )
        words = ("xorrisofs", "-output", shlex.quote(self.path), "-volid", self.label)
        options = ("-joliet", "-rock", "-graft-points")
        return " ".join((*words, *options, *grafts))


ImageOp = MakeOverlay | MakeQcow2 | MakeSparse | GrowRaw | MakeIso
