"""Container disks from the instance's image library, in the shape that translation reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from virtctl.local.node.materials import DiskImage, ImageWish

if TYPE_CHECKING:
    from virtctl.local.images.library import ImageLibrary


class LibraryImages:
    """``ports.Images`` over the library, which is opened when a machine first wants an image.

    Blocking, so it is called in threads.
    """

    def __init__(self, opened: Callable[[], ImageLibrary]) -> None:
        self._opened = opened

    @cached_property
    def _library(self) -> ImageLibrary:
        return self._opened()

    def resolve(self, wish: ImageWish) -> DiskImage:
        """The disk that a containerDisk means. Raises ``VirtctlError``."""
        library = self._library
        if wish.auths:
            from virtctl.local.images.logins import parse_logins

            library = library.with_logins(parse_logins(wish.auths, "the pull secret"))
        found = library.resolve(wish.reference, wish.policy, wish.path)
        return DiskImage(path=str(found.path), format=found.format, virtual_size=found.virtual_size)
