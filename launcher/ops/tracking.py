"""Ops on overlays that keep track of a disk's changed blocks."""

from __future__ import annotations

import shlex

from launcher.ops.base import Op


class MakeTracking(Op, frozen=True, kw_only=True):
    """Make a qcow2 at ``path`` whose data is in the raw image ``data``, and its changes in itself.

    One that is of the same data stays as it is.
    """

    path: str
    data: str
    block: bool = False

    def describe(self) -> str:
        driver = "host_device" if self.block else "file"
        argv = (
            "qemu-img", "amend", "-o", f"data_file={self.data},data_file_raw=on",
            f"driver=qcow2,file.filename={self.path},data-file.driver={driver}",
        )  # fmt: skip
        return f"[ -e {shlex.quote(self.path)} ] || {shlex.join(argv)}"
