from typing import get_args

import msgspec
import pytest

from launcher.ops.known import KnownOp
from launcher.ops.links import AddLink, SetUp


def test_every_known_op_comes_back_from_json() -> None:
    ops: list[KnownOp] = [AddLink(name="a", kind="bridge"), SetUp(name="a", up=True)]
    assert msgspec.json.decode(msgspec.json.encode(ops), type=list[KnownOp]) == ops


def test_an_unknown_op_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="FlipTable"):
        msgspec.json.decode(b'{"op":"FlipTable"}', type=KnownOp)


def test_no_two_ops_have_one_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in get_args(KnownOp)]
    assert len(tags) == len(set(tags))
