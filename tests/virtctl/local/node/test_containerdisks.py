from pathlib import Path
from types import SimpleNamespace

import pytest

from virtctl.errors import LocalError
from virtctl.local.images.logins import Login
from virtctl.local.node.containerdisks import LibraryImages
from virtctl.local.node.materials import DiskImage, ImageWish


class FakeLibrary:
    """An image library with one image."""

    login = None

    def with_logins(self, logins):
        self.login = logins("example.org")
        return self

    def resolve(self, reference, policy, path):
        self.asked = (policy, path)
        if reference != "tiny":
            raise LocalError(f"there is no image `{reference}`")
        return SimpleNamespace(path=Path("/images/tiny"), format="qcow2", virtual_size=5)


def test_an_image_becomes_a_disk():
    library = FakeLibrary()
    auths = '{"auths": {"example.org": {"username": "ann", "password": "p"}}}'
    wish = ImageWish(reference="tiny", policy="Never", path="/a", auths=auths)
    assert LibraryImages(lambda: library).resolve(wish) == DiskImage(
        path="/images/tiny", format="qcow2", virtual_size=5
    )
    assert library.asked == ("Never", "/a")
    assert library.login == Login("ann", "p")


def test_what_the_library_refuses_is_passed_on():
    with pytest.raises(LocalError, match="`huge`"):
        LibraryImages(FakeLibrary).resolve(ImageWish(reference="huge"))
