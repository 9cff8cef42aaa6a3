"""``create vm --image FILE``: the file goes into the DataVolume that the machine boots from."""

from __future__ import annotations

import os

from virtctl.cli import uploading
from virtctl.cli.images import check_fits, room
from virtctl.cli.session import Session
from virtctl.cli.uploadtarget import Place, Target
from virtctl.cli.verbs import doing
from virtctl.errors import UsageError
from virtctl.manifests.bootimage import data_volume_name
from virtctl.manifests.upload import Wish

_READY, _PROCESSED = 300.0, 86400.0
_MEBIBYTE = 2**20


def upload(session: Session, vm: str, file: str, size: str) -> None:
    """Make the DataVolume and fill it. Without ``size`` it gets what the image's disk has.

    Raises ``UsageError`` for a file that cannot be read, or whose size it does not tell.
    """
    path = session.env.path(file)
    try:
        length, needed = os.stat(path).st_size, room(path)  # noqa: PTH116 - pathlib costs 3 ms
    except OSError as error:
        raise UsageError(f"image `{file}` cannot be read: {error.strerror}") from error
    if not size:
        if not needed:
            raise UsageError(f"the size of the disk in `{file}` is unknown", "give --size")
        size = f"{-(-needed // _MEBIBYTE)}Mi"
    check_fits(path, size)
    name = data_volume_name(vm)
    target = Target(session, Place(name, True, Wish(size), create=True))  # noqa: FBT003
    with doing(f"cannot upload {file} to {name}"):
        target.prepare()
        target.wait_ready(_READY)
        uploading.send(session, uploading.Wish(name, path, length))
        target.wait_processed(_PROCESSED)
