"""Ops on a node, one by one; the engine's tests do the rest."""

from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.ops.base import Op
from launcher.ops.nodelinks import AskDhcp, SetResolver
from launcher.system import leases, nodeobserve
from launcher.system.nodeobserve import NodePlace
from launcher.system.nodeperform import perform


def test_names_are_kept(tmp_path: Path) -> None:
    place = NodePlace("nowhere", tmp_path)
    perform(SetResolver(servers=("9.9.9.9",), search=("lab.example",)), place)
    assert nodeobserve.read_kept(place).search == ("lab.example",)


def test_a_client_of_dhcpv6_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_has_six", lambda: False)
    with pytest.raises(HostError, match="DHCPv6: busybox's udhcpc6 is not installed"):
        perform(AskDhcp(name="eth1", version=6, on=True), NodePlace("nowhere", tmp_path))


def test_an_op_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no way"):
        perform(Op(), NodePlace("nowhere", tmp_path))
