"""Disks out of container images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.disks import MIB, convert, digest, write_raw
from tests.fakes.images import layer
from tests.fakes.registry import Registry
from virtctl.local.imports.job import REFUSED, SUCCEEDED, Desk, Job, Source
from virtctl.local.imports.worker import work


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry()
    raw = write_raw(tmp_path / "raw")
    qcow2 = convert(raw, tmp_path / "qcow2", "qcow2").read_bytes()
    for tag, data in (("qcow2", qcow2), ("raw", raw.read_bytes())):
        image = made.blobs.image(layer({"etc/x": b"y"}), layer({"disk/disk.img": data}))
        made.tags[f"vms/guest:{tag}"] = image
    yield made
    made.close()


def fill(root: Path, **source: str) -> tuple[str, Path]:
    target = root / "claim" / "disk.img"
    target.parent.mkdir(exist_ok=True)
    desk = Desk(root / "job")
    job = Job(name="x/a", target=str(target), capacity=16 * MIB,
              source=Source(kind="registry", **source))  # fmt: skip
    desk.assign(job)
    return work(desk).phase, target


@pytest.mark.parametrize("tag", ["qcow2", "raw"])
@pytest.mark.parametrize("by_node", [False, True])
def test_an_image_is_pulled(tmp_path: Path, registry: Registry, tag: str, by_node: bool) -> None:
    store = str(tmp_path / "instance") if by_node else ""
    url = f"docker://{registry.host}/vms/guest:{tag}"
    phase, target = fill(tmp_path, url=url, store=store)
    assert phase == SUCCEEDED
    assert digest(target) == digest(tmp_path / "raw")
    assert target.stat().st_size == 16 * MIB
    if by_node:
        blobs = list((tmp_path / "instance/images/blobs/sha256").iterdir())
        assert len(blobs) == 1
        target.unlink()
        asked = len(registry.requests)
        assert fill(tmp_path, url=url, store=store)[0] == SUCCEEDED
        assert len(registry.requests) == asked


def test_a_login_is_used(tmp_path: Path, registry: Registry) -> None:
    registry.login = "jane:secret"
    url = f"docker://{registry.host}/vms/guest:raw"
    assert fill(tmp_path, url=url)[0] != SUCCEEDED
    assert fill(tmp_path, url=url, user="jane", password="secret")[0] == SUCCEEDED


def test_files_of_pods_are_refused(tmp_path: Path) -> None:
    assert fill(tmp_path, url="oci-archive:/x.tar")[0] == REFUSED
