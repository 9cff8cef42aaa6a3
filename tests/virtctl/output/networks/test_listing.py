import pytest

from tests.fakes import sighted
from virtctl.output.networks.listing import row, summary

VM = {
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"template": {"spec": sighted.spec()}},
}


def test_who_is_attached() -> None:
    found = summary(sighted.definition(vlan=33, mtu=9000), [VM, sighted.vmi()])
    assert found["attached"] == ["default/web"]
    assert row(found) == ["lan", "bridge", "br1", "33", "9000", "-", "web"]


@pytest.mark.parametrize(
    ("plugin", "cells"),
    [
        (
            {"type": "ovn-k8s-cni-overlay", "bridge": "", "topology": "localnet", "vlanID": 34,
             "subnets": "10.0.0.0/8"},
            ["ovn-k8s-cni-overlay", "localnet", "34", "-", "ovn 10.0.0.0/8", "-"],
        ),
        (
            {"type": "macvlan", "bridge": "", "master": "eth1", "ipam": {"type": "dhcp"}},
            ["macvlan", "eth1", "-", "-", "dhcp", "-"],
        ),
    ],
)  # fmt: skip
def test_other_kinds(plugin, cells) -> None:
    assert row(summary(sighted.definition(**plugin), []))[1:] == cells


def test_what_cannot_be_read() -> None:
    assert summary({"spec": {"config": "{"}}, [])["type"] == "unreadable"
