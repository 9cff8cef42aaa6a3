"""Container disks from the instance's image library, in the shape that translation reads."""

from __future__ import annotations

from virtctl.local.images.library import ImageLibrary
from virtctl.local.images.logins import parse_logins
from virtctl.local.node.materials import DiskImage, ImageWish


class LibraryImages:
    """``ports.Images`` over the library. Blocking, so it is called in threads."""

    def __init__(self, library: ImageLibrary) -> None:
        self._library = library

    def resolve(self, wish: ImageWish) -> DiskImage:
        """The disk that a containerDisk means. Raises ``VirtctlError``."""
        library = self._library
        if wish.auths:
            library = library.with_logins(parse_logins(wish.auths, "the pull secret"))
        found = library.resolve(wish.reference, wish.policy, wish.path)
        return DiskImage(path=str(found.path), format=found.format, virtual_size=found.virtual_size)
