"""Ops on images say what they would do."""

import msgspec
import pytest

from launcher.ops.images import GrowRaw, ImageOp, MakeIso, MakeOverlay, MakeQcow2, MakeSparse

NAMES = "-joliet -rock -graft-points"
OPS = [
    (
        MakeOverlay(path="/o.qcow2", backing="/b.img", backing_format="raw"),
        "qemu-img create -q -f qcow2 -F raw -b /b.img /o.qcow2",
    ),
    (MakeQcow2(path="/e.qcow2", size=9), "qemu-img create -q -f qcow2 /e.qcow2 9"),
    (
        GrowRaw(path="/a b", size=9),
        "[ $(stat -c %s '/a b') -ge 9 ] || truncate -s 9 '/a b'",
    ),
    (MakeSparse(path="/a b", size=9), "[ -e '/a b' ] || truncate -s 9 '/a b'"),
    (
        MakeIso(path="/s.iso", label="cidata", files={"user-data": b"xy"}),
        "xorrisofs -output /s.iso -volid cidata -joliet -rock -graft-points 'user-data=2 bytes'",
    ),
]


@pytest.mark.parametrize(("op", "text"), OPS, ids=lambda value: type(value).__name__)
def test_describe(op: ImageOp, text: str) -> None:
    assert op.describe() == text


@pytest.mark.parametrize("op", [op for op, _ in OPS], ids=lambda op: type(op).__name__)
def test_ops_survive_a_journal(op: ImageOp) -> None:
    assert msgspec.json.decode(msgspec.json.encode(op), type=ImageOp) == op
