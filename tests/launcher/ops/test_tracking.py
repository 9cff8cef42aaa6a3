"""Overlays that keep track of changed blocks, as an op."""

from __future__ import annotations

import pytest

from launcher.ops.tracking import MakeTracking


@pytest.mark.parametrize(("block", "driver"), [(False, "file"), (True, "host_device")])
def test_it_says_what_it_is(block: bool, driver: str) -> None:
    op = MakeTracking(path="/t/data.qcow2", data="/d/disk.img", block=block)
    said = op.describe()
    assert said.startswith("[ -e /t/data.qcow2 ] || qemu-img amend ")
    assert f"data-file.driver={driver}" in said
    assert "data_file=/d/disk.img" in said
