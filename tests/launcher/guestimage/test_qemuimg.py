"""qemu-img's answers, and what is refused."""

from __future__ import annotations

import json

import pytest

from launcher.errors import HostError
from launcher.guestimage import qemuimg
from launcher.guestimage.qemuimg import ImageInfo


def answer(**more: object) -> str:
    facts = {"format": "qcow2", "virtual-size": 1 << 20, "actual-size": 4096, "filename": "x"}
    return json.dumps(facts | more)


def test_parse() -> None:
    assert qemuimg.parse(answer()) == ImageInfo(
        format="qcow2", virtual_size=1 << 20, actual_size=4096
    )


@pytest.mark.parametrize(
    "more",
    [
        {"backing-filename": "/etc/shadow"},
        {"format-specific": {"type": "qcow2", "data": {"data-file": "/etc/shadow"}}},
    ],
)
def test_references_to_other_files_are_refused(more: dict[str, object]) -> None:
    info = qemuimg.parse(answer(**more))
    with pytest.raises(HostError, match="image `x` refers to another file, `/etc/shadow`"):
        qemuimg.accept("x", info)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"format": "vmdk"}, "image `x` has format `vmdk`; raw or qcow2 is needed"),
        ({"virtual-size": 0}, "image `x` is empty"),
    ],
)
def test_what_is_refused(more: dict[str, object], problem: str) -> None:
    with pytest.raises(HostError, match=problem):
        qemuimg.accept("x", qemuimg.parse(answer(**more)))


def test_accepted_is_returned() -> None:
    info = qemuimg.parse(answer(format="raw"))
    assert qemuimg.accept("x", info) is info


@pytest.mark.parametrize("text", ["", "{}", "[1]"])
def test_no_answer(text: str) -> None:
    with pytest.raises(HostError, match="qemu-img's answer cannot be read"):
        qemuimg.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"check-errors": 0, "compressed-clusters": 3}', True),
        ('{"check-errors": 0, "allocated-clusters": 3}', False),
        ("this format cannot be checked", False),
    ],
)
def test_compressed_clusters(text: str, expected: object) -> None:
    assert qemuimg.has_compressed(text) is expected
