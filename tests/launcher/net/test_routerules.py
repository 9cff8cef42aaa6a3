"""Rules for routes against bytes."""

import struct

import pytest

from launcher.net import routerules
from launcher.net.rtnetlink import build_attribute
from launcher.ops.routerules import TableRule


@pytest.mark.parametrize(
    "rule",
    [
        TableRule(version=4, source="10.0.0.0/8", table=100, priority=30000),
        TableRule(version=6, destination="fd00::/64", table=5000, priority=7),
        TableRule(version=4, incoming="eth0", mark=0x20, mask=0xFF, table=1),
        TableRule(version=4, mark=0x20, table=1, suppress=0),
        TableRule(version=6, action="prohibit", priority=9),
    ],
)
def test_there_and_back(rule) -> None:
    assert routerules.parse(routerules.build(rule)) == rule


def test_what_the_kernel_tells() -> None:
    body = struct.pack("=BBBBBBBBI", 2, 0, 24, 0, 100, 0, 0, 1, 0)
    body += build_attribute(2, bytes([10, 1, 0, 0])) + build_attribute(14, b"\xff" * 4)
    assert routerules.parse(body) == TableRule(
        version=4, source="10.1.0.0/24", table=100, protocol=0
    )


@pytest.mark.parametrize(("family", "action"), [(2, 2), (128, 1)])
def test_others_are_left_out(family: int, action: int) -> None:
    assert routerules.parse(struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, action, 0)) is None
