"""From a reference to a disk, through the store and around it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.system import process
from tests.fakes.images import Blobs, digest_of, layer, write_archive, write_layout
from tests.fakes.registry import Registry
from virtctl.errors import InvalidField, LocalError
from virtctl.local.images.library import ImageLibrary
from virtctl.local.layout import InstanceLayout

RAW = b"raw disk".ljust(1 << 16, b"\0")
DATA = layer({"disk/a": RAW})


@pytest.fixture
def library(tmp_path: Path) -> ImageLibrary:
    return ImageLibrary(InstanceLayout(tmp_path / "instance"), architecture="amd64")


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    server.tags["vm:1"] = server.blobs.image(DATA)
    yield server
    server.close()


def test_import_of_a_raw_file(library: ImageLibrary, tmp_path: Path) -> None:
    (tmp_path / "My disk.img").write_bytes(RAW)
    steps: list[str] = []
    image = library.import_image(
        str(tmp_path / "My disk.img"), "mine", progress=lambda what, *_: steps.append(what)
    )
    assert (image.name, image.format, image.virtual_size) == ("mine", "raw", len(RAW))
    assert steps == ["copying", "reading"]
    disk = library.resolve("mine")
    assert disk.path.read_bytes() == RAW
    assert (disk.format, disk.virtual_size) == ("raw", len(RAW))
    assert (disk.digest, disk.ref) == (digest_of(RAW), "mine")
    assert library.resolve("mine", "Always").path == disk.path, "imported: nothing to pull"


def test_import_of_a_qcow2_file(library: ImageLibrary, tmp_path: Path) -> None:
    process.run(["qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "a.qcow2", "1M"])
    assert library.import_image(str(tmp_path / "a.qcow2")).name == "a"
    assert library.resolve("a").format == "qcow2"
    assert library.resolve("a:latest").virtual_size == 1 << 20


def test_image_that_refers_to_a_file_of_the_host(library: ImageLibrary, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(RAW)
    back = ["-b", tmp_path / "secret", "-F", "raw"]
    process.run(["qemu-img", "create", "-q", "-f", "qcow2", *back, tmp_path / "a.qcow2"])
    with pytest.raises(LocalError, match="refers to another file"):
        library.import_image(str(tmp_path / "a.qcow2"))
    evil = layer({"disk/a": (tmp_path / "a.qcow2").read_bytes()})
    write_archive(tmp_path / "evil.tar", {"evil": [evil]})
    with pytest.raises(LocalError, match="refers to another file"):
        library.resolve(f"docker-archive:{tmp_path / 'evil.tar'}")
    assert library.images() == ()


@pytest.mark.parametrize("kind", ["oci", "docker-archive"])
def test_images_on_this_host(library: ImageLibrary, tmp_path: Path, kind: str) -> None:
    blobs = Blobs()
    write_layout(tmp_path / "oci", blobs, {"1": blobs.image(DATA)})
    write_archive(tmp_path / "docker-archive", {"me/x:1": [DATA]})
    disk = library.resolve(f"{kind}:{tmp_path / kind}")
    assert disk.path.read_bytes() == RAW
    named = library.import_image(f"{kind}:{tmp_path / kind}", "mine")
    assert library.resolve("mine", "Never").path == disk.path
    assert named.digest == disk.digest


def test_registry_once(library: ImageLibrary, registry: Registry) -> None:
    name = f"{registry.host}/vm:1"
    disk = library.resolve(name)
    assert disk.path.read_bytes() == RAW
    asked = len(registry.requests)
    assert library.resolve(name) == disk
    assert len(registry.requests) == asked
    assert [image.name for image in library.images()] == [name]


def test_pull_policies(library: ImageLibrary, registry: Registry) -> None:
    name = f"{registry.host}/vm:1"
    with pytest.raises(LocalError, match=r"`127.*` is not there: .* no such name; the pull policy"):
        library.resolve(name, "Never")
    old = library.resolve(name, "Always")
    registry.tags["vm:1"] = registry.blobs.image(layer({"disk/a": b"new".ljust(512)}))
    assert library.resolve(name, "IfNotPresent") == old
    new = library.resolve(name, "Always")
    assert new.digest != old.digest
    assert library.resolve(name, "Never") == new
    asked = len(registry.requests)
    assert library.resolve(name, "Always") == new
    assert not any("/blobs/" in path for path in registry.requests[asked:])
    with pytest.raises(InvalidField, match="must be one of IfNotPresent, Always, Never"):
        library.resolve(name, "Sometimes")


def test_pinned_digest(library: ImageLibrary, registry: Registry) -> None:
    pinned = f"{registry.host}/vm@{registry.tags['vm:1']}"
    disk = library.resolve(pinned)
    assert disk.path.read_bytes() == RAW
    assert library.resolve(f"{registry.host}/vm:1").path == disk.path
    assert len(library.images()) == 2


def test_path_of_the_disk(library: ImageLibrary, registry: Registry) -> None:
    data = layer({"disk/a": RAW, "custom-disk/downloaded": b"other".ljust(512)})
    registry.tags["vm:2"] = registry.blobs.image(data)
    name = f"{registry.host}/vm:2"
    assert library.resolve(name).path.read_bytes() == RAW
    other = library.resolve(name, path="/custom-disk/downloaded")
    assert other.path.read_bytes().startswith(b"other")
    assert len(library.images()) == 2
    assert len(library.remove(name)) == 2


def test_two_at_once_make_one_download(library: ImageLibrary, registry: Registry) -> None:
    name = f"{registry.host}/vm:1"
    threads = [threading.Thread(target=library.resolve, args=(name,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blob = f"/v2/vm/blobs/{digest_of(DATA)}"
    assert registry.requests.count(blob) == 1


def test_where_was_looked(library: ImageLibrary, registry: Registry) -> None:
    with pytest.raises(LocalError) as error:
        library.resolve(f"{registry.host}/gone:1")
    assert str(error.value) == (
        f"image `{registry.host}/gone:1` is not there: the store `{library.store.root}` has no such"
        f" name; registry {registry.host} has no such image (manifest unknown)"
    )
    assert error.value.hint
    with pytest.raises(LocalError, match="it is built, not pulled") as error:
        library.resolve("tiny")
    assert error.value.hint == "build it with `virtctl image build tiny`"
    with pytest.raises(LocalError, match=r"there is no file `./gone.img`"):
        library.import_image("./gone.img")
    with pytest.raises(LocalError, match="there is no recipe `gone`"):
        library.build("gone")


def test_an_interrupted_pull_leaves_nothing(library: ImageLibrary, registry: Registry) -> None:
    registry.corrupt.add(digest_of(DATA))
    with pytest.raises(LocalError, match="was asked for"):
        library.resolve(f"{registry.host}/vm:1")
    assert library.images() == ()
    assert not list((library.store.root / "work").iterdir())


def test_remove(library: ImageLibrary, tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(RAW)
    library.import_image(str(tmp_path / "a.img"))
    machine = tmp_path / "instance/vms/1"
    machine.mkdir(parents=True)
    file = library.resolve("a").path
    (machine / "spec.json").write_text(
        f'{{"name": "fedora-0", "namespace": "default", "disks": ["{file}"]}}'
    )
    with pytest.raises(LocalError, match="`a` is used by machine `default/fedora-0`"):
        library.remove("a")
    library.remove("a", force=True)
    assert not file.exists()
    with pytest.raises(LocalError, match="there is no image `a`"):
        library.remove("a")


def test_a_lost_file_is_said(library: ImageLibrary, tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(RAW)
    library.import_image(str(tmp_path / "a.img"))
    library.resolve("a").path.unlink()
    with pytest.raises(LocalError, match="image `a` lost its file"):
        library.resolve("a")
