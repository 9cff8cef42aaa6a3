"""Disks, and what is on them."""

import msgspec
import pytest

from launcher.spec import Claim, ContainerDisk, Disk, EmptyDisk, NoMedium

SOURCES = (
    ContainerDisk(image="/i", format="qcow2"),
    Claim(path="/c/disk.img", capacity=1 << 30, overhead="0.06"),
    EmptyDisk(capacity=1 << 20),
    NoMedium(),
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_a_source_is_read_as_what_it_was_written_as(source) -> None:
    disk = Disk(name="d", index=0, source=source)
    assert msgspec.json.decode(msgspec.json.encode(disk), type=Disk) == disk


def test_a_source_of_no_kind_that_there_is_is_refused() -> None:
    text = b'{"name": "d", "index": 0, "source": {"type": "tape"}}'
    with pytest.raises(msgspec.ValidationError, match="tape"):
        msgspec.json.decode(text, type=Disk)
