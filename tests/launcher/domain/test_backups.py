"""XML of backup jobs and checkpoints."""

from __future__ import annotations

from launcher.domain import backups
from launcher.domain.element import parse


def test_all_disks_are_named() -> None:
    found = parse(backups.push(["vda", "vdb"], {"vdb": "/b/data.qcow2"}))
    assert found.get("mode") == "push"
    first, second = found.find("disks").all("disk")
    assert dict(first.attributes) == {"name": "vda", "backup": "no"}
    assert second.get("backup") == "yes"
    assert second.find("target").get("file") == "/b/data.qcow2"
    assert second.find("driver").get("type") == "qcow2"
    assert found.find("incremental") is None


def test_only_what_changed() -> None:
    found = parse(backups.push(["vda"], {"vda": "/b/data.qcow2"}, since="monday"))
    assert found.find("incremental").text == "monday"


def test_a_checkpoint_is_of_the_tracked_disks() -> None:
    found = parse(backups.checkpoint("monday", ["vda", "vdb"], ["vdb"]))
    assert found.find("name").text == "monday"
    assert found.find("creationTime") is None
    first, second = found.find("disks").all("disk")
    assert first.get("checkpoint") == "no"
    assert dict(second.attributes) == {"name": "vdb", "checkpoint": "bitmap"}


def test_a_checkpoint_that_is_made_known_again_names_its_bitmaps() -> None:
    found = parse(backups.checkpoint("monday", ["vdb"], ["vdb"], created=1700000000))
    assert found.find("creationTime").text == "1700000000"
    assert found.find("disks", "disk").get("bitmap") == "monday"
