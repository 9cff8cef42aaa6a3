"""Mirrors of registries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.images import layer
from tests.fakes.registry import Registry
from virtctl.errors import ConfigError, LocalError
from virtctl.local.images.library import ImageLibrary
from virtctl.local.images.mirrors import Mirrors, of_system, parse
from virtctl.local.images.references import parse_registry
from virtctl.local.layout import InstanceLayout

TEXT = """\
unqualified-search-registries = ["example.org"]
[[registry]]
prefix = "example.org"
location = "inner.example.org:5000"
[[registry]]
prefix = "example.org/team"
[[registry.mirror]]
location = "mirror.example.org/copy"
[[registry]]
prefix = "*.example.net"
[[registry.mirror]]
location = "mirror.example.org/net"
[[registry]]
prefix = "evil.example.com"
blocked = true
"""


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ("example.com/a:1", ["example.com/a:1"]),
        ("example.org/a:1", ["inner.example.org:5000/a:1"]),
        ("example.org/team/a:1", ["mirror.example.org/copy/a:1", "example.org/team/a:1"]),
        ("example.org/teams/a:1", ["inner.example.org:5000/teams/a:1"]),
        ("x.example.net/a:1", ["mirror.example.org/net/a:1", "x.example.net/a:1"]),
    ],
)
def test_where_an_image_is_looked_for(asked: str, places: list[str]) -> None:
    found = parse(TEXT, "file").places(parse_registry(asked))
    assert [str(one) for one in found] == places


def test_a_digest_is_kept() -> None:
    pinned = parse_registry(f"example.org/a@sha256:{'1' * 64}")
    (found,) = parse(TEXT, "file").places(pinned)
    assert found.digest == pinned.digest


def test_a_blocked_registry_is_refused() -> None:
    with pytest.raises(LocalError, match="blocked"):
        parse(TEXT, "file").places(parse_registry("evil.example.com/a"))


@pytest.mark.parametrize("text", ["[[", "[[registry]]\nmirror = 1"])
def test_what_cannot_be_read_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "conf").write_text(text)
    with pytest.raises(ConfigError, match="conf"):
        of_system(tmp_path / "conf")


def test_without_a_file_there_are_no_mirrors(tmp_path: Path) -> None:
    assert of_system(tmp_path / "none") == Mirrors()
    with pytest.raises(ConfigError, match="cannot read"):
        of_system(tmp_path)


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    yield made
    made.close()


def test_the_mirror_gives_what_the_registry_would(tmp_path: Path, registry: Registry) -> None:
    gone = Registry()
    gone.close()
    digest = registry.blobs.image(layer({"disk/a": b"x" * 512}))
    registry.tags["copy/vms/guest:1"] = digest
    text = f"""
[[registry]]
prefix = "example.org"
[[registry.mirror]]
location = "{gone.host}"
[[registry.mirror]]
location = "{registry.host}/copy"
"""
    library = ImageLibrary(InstanceLayout(tmp_path), mirrors=parse(text, "file"))
    found = library.resolve("example.org/vms/guest:1")
    assert found.path.read_bytes() == b"x" * 512
    assert [image.name for image in library.images()] == ["example.org/vms/guest:1"]
