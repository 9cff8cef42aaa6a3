"""The distribution protocol against a registry on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.images import digest_of, layer
from tests.fakes.registry import Registry
from virtctl.errors import LocalError
from virtctl.local.images.logins import Login, Logins, nobody
from virtctl.local.images.references import parse_registry
from virtctl.local.images.registry import RegistrySource

DATA = layer({"disk/a": b"1"})


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    yield server
    server.close()


def pull(registry: Registry, name: str, target: Path, logins: Logins = nobody) -> str:
    """Fetch the first layer of an image; returns the manifest's digest."""
    reference = parse_registry(f"{registry.host}/{name}")
    with RegistrySource(reference, "amd64", logins) as source:
        manifest = source.manifest()
        source.fetch(manifest.layers[0], target)
    return manifest.digest


def test_pull_by_tag_and_by_digest(registry: Registry, tmp_path: Path) -> None:
    image = registry.blobs.image(DATA)
    registry.tags["me/vm:1"] = image
    assert pull(registry, "me/vm:1", tmp_path / "a") == image
    assert (tmp_path / "a").read_bytes() == DATA
    assert pull(registry, f"me/vm@{image}", tmp_path / "b") == image


def test_index_of_architectures(registry: Registry, tmp_path: Path) -> None:
    mine = registry.blobs.image(DATA)
    other = registry.blobs.image(layer({}))
    registry.tags["vm:1"] = registry.blobs.index(s390x=other, amd64=mine)
    assert pull(registry, "vm:1", tmp_path / "a") == mine


def test_blob_that_is_elsewhere(registry: Registry, tmp_path: Path) -> None:
    registry.tags["vm:1"] = registry.blobs.image(DATA)
    registry.redirect.add(digest_of(DATA))
    pull(registry, "vm:1", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == DATA


@pytest.mark.parametrize("login", ["", "ann:secret word"])
def test_token(tmp_path: Path, login: str) -> None:
    registry = Registry(login=login)
    try:
        registry.tags["vm:1"] = registry.blobs.image(DATA)
        user, _, password = login.partition(":")
        pull(registry, "vm:1", tmp_path / "a", lambda _: Login(user, password) if login else None)
        assert registry.requests.count("/token") == 1
        with pytest.raises(LocalError, match="gives no token: 401 bad login"):
            pull(registry, "vm:1", tmp_path / "a", lambda _: Login("eve", "guess"))
    finally:
        registry.close()


def test_progress(registry: Registry, tmp_path: Path) -> None:
    registry.tags["vm:1"] = registry.blobs.image(DATA)
    seen: list[int] = []
    with RegistrySource(parse_registry(f"{registry.host}/vm:1"), "amd64") as source:
        source.fetch(source.manifest().layers[0], tmp_path / "a", seen.append)
    assert seen[-1] == len(DATA)


def test_no_such_image(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(
        LocalError, match=rf"registry {registry.host} has no such image \(manifest unknown\)"
    ):
        pull(registry, "vm:1", tmp_path / "a")


def test_no_such_blob(registry: Registry, tmp_path: Path) -> None:
    registry.tags["vm:1"] = registry.blobs.image(DATA)
    del registry.blobs[digest_of(DATA)]
    with pytest.raises(LocalError, match=r"has no such blob \(not found\)"):
        pull(registry, "vm:1", tmp_path / "a")


def test_corrupt_layer(registry: Registry, tmp_path: Path) -> None:
    registry.tags["vm:1"] = registry.blobs.image(DATA)
    registry.corrupt.add(digest_of(DATA))
    with pytest.raises(LocalError, match=f"where {digest_of(DATA)} was asked for"):
        pull(registry, "vm:1", tmp_path / "a")


def test_corrupt_manifest_of_a_pinned_digest(registry: Registry, tmp_path: Path) -> None:
    image = registry.blobs.image(DATA)
    registry.corrupt.add(image)
    with pytest.raises(LocalError, match=f"where {image} was asked for"):
        pull(registry, f"vm@{image}", tmp_path / "a")


def test_nobody_there(registry: Registry, tmp_path: Path) -> None:
    other = Registry()
    other.close()
    with pytest.raises(LocalError, match=f"registry {other.host} cannot be reached"):
        pull(other, "vm:1", tmp_path / "a")


def test_an_authority_that_is_none_is_refused() -> None:
    reference = parse_registry("example.org/a:1")
    with pytest.raises(LocalError, match="CA cannot be used"):
        RegistrySource(reference, "amd64", authority="no certificate")
