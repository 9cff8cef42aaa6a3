"""What the daemon tells the export server, and how it is read there."""

from pathlib import Path

import msgspec
import pytest

from virtctl.local.imports.offers import Disk, Offer, place


def test_an_offer_is_read_as_it_was_written() -> None:
    offer = Offer(
        token="t",
        disks={"a": Disk(path="/a/disk.img", capacity=7), "b": Disk(path="/b", is_tree=True)},
        manifests={"all": [{"kind": "List"}]},
    )
    assert msgspec.json.decode(msgspec.json.encode(offer), type=Offer) == offer


def test_an_offer_without_a_token_is_none() -> None:
    with pytest.raises(msgspec.ValidationError, match="token"):
        msgspec.json.decode(b'{"disks": {}}', type=Offer)


def test_each_namespace_has_a_directory() -> None:
    assert place(Path("/r"), "n", "e") == Path("/r/n/e.json")
