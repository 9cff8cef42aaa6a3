"""Manifests and the choice among several."""

from __future__ import annotations

import pytest

from virtctl.errors import LocalError
from virtctl.local.images import manifests
from virtctl.local.images.manifests import Descriptor, Index, Manifest, Platform


def test_manifest_and_index_are_told_apart() -> None:
    manifest = manifests.parse(b'{"layers": [{"digest": "sha256:1", "size": 3}]}', "x")
    assert manifest == Manifest(layers=(Descriptor(digest="sha256:1", size=3),))
    index = manifests.parse(b'{"manifests": [{"digest": "sha256:2"}]}', "x")
    assert index == Index(manifests=(Descriptor(digest="sha256:2"),))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"layers": 1}', b'{"manifests": [{}]}'])
def test_what_is_neither(data: bytes) -> None:
    with pytest.raises(LocalError, match="`x` has a manifest that cannot be read"):
        manifests.parse(data, "`x`")


def of(digest: str, architecture: str, os: str = "linux") -> Descriptor:
    return Descriptor(digest=digest, platform=Platform(architecture=architecture, os=os))


def test_the_machine_s_architecture_is_chosen() -> None:
    found = [of("a", "arm64"), of("b", "amd64", "windows"), of("c", "amd64"), of("d", "unknown")]
    assert manifests.choose(found, "amd64", "x").digest == "c"


def test_an_image_for_no_machine_in_particular_will_do() -> None:
    found = [of("a", "arm64"), Descriptor(digest="b"), of("c", "unknown")]
    assert manifests.choose(found, "amd64", "x").digest == "b"


@pytest.mark.parametrize(
    ("found", "there"),
    [
        ([of("a", "arm64"), of("b", "s390x")], "there are linux/arm64, linux/s390x"),
        ([], "there are none"),
        ([Descriptor(digest="a"), Descriptor(digest="b")], "there are none"),
    ],
)
def test_nothing_to_choose(found: list[Descriptor], there: str) -> None:
    with pytest.raises(LocalError, match=f"x has no image for linux/amd64; {there}"):
        manifests.choose(found, "amd64", "x")


def test_verify() -> None:
    assert manifests.verify(b"a", manifests.digest_of(b"a"), "x") == b"a"
    with pytest.raises(LocalError, match=r"x gave sha256:ca97.* where sha256:0 was asked for"):
        manifests.verify(b"a", "sha256:0", "x")
