"""How images are printed."""

from __future__ import annotations

from virtctl.cli.commands.image.shared import document, listing, one
from virtctl.local.images.store import StoredImage

FILE = StoredImage(
    name="tiny",
    digest="sha256:1",
    format="qcow2",
    virtual_size=49 << 20,
    size=18 << 20,
    source="built: tiny",
    imported="2026-01-01T00:00:00Z",
)
IMAGE = StoredImage(
    name="example.org/vm:1",
    digest="sha256:2",
    format="raw",
    virtual_size=1024,
    size=512,
    source="example.org/vm:1",
    imported="2026-01-01T00:00:00Z",
    manifest="sha256:3",
    path="/disk/a",
)
NOW = 1_767_225_600.0 + 90


def test_table() -> None:
    assert listing([FILE, IMAGE], "", NOW).splitlines() == [
        "NAME               FORMAT   SIZE       ON DISK    AGE   SOURCE",
        "tiny               qcow2    49.0 MiB   18.0 MiB   90s   built: tiny",
        "example.org/vm:1   raw      1.0 KiB    512 B      90s   example.org/vm:1 /disk/a",
    ]


def test_document() -> None:
    assert "manifest" not in document(FILE)
    assert document(IMAGE)["path"] == "/disk/a"


def test_one() -> None:
    assert one(FILE, "", "built") == "image tiny built (qcow2, 49.0 MiB, 18.0 MiB on disk)"
    assert one(FILE, "name", "built") == "tiny"
    assert one(FILE, "yaml", "built").splitlines()[0] == "digest: sha256:1"
