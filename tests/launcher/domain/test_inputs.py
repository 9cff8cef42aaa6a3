"""Decisions that several families share."""

import pytest

from launcher.spec import Cpu, LaunchSecurity, Memory, SharedDirectory, Topology
from tests.fakes.machines import MIB, inputs


@pytest.mark.parametrize(
    ("architecture", "transitional", "model"),
    [
        ("amd64", False, "virtio-non-transitional"),
        ("amd64", True, "virtio-transitional"),
        ("s390x", True, "virtio"),
    ],
)
def test_virtio_model(architecture: str, transitional: bool, model: str) -> None:
    given = inputs(architecture=architecture, virtio_transitional=transitional)
    assert given.virtio_model == model


def test_vcpus_now_and_at_most() -> None:
    given = inputs(cpu=Cpu(topology=Topology(sockets=1, cores=2, threads=2), max_sockets=3))
    assert (given.vcpus, given.vcpus_at_most) == (4, 12)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"memory": Memory(guest=MIB, hugepage_size=2 * MIB)}, True),
        ({"memory": Memory(guest=MIB, hugepage_size=2 * MIB, memfd=False)}, False),
        ({"shared_directories": (SharedDirectory(name="a"),)}, True),
    ],
)
def test_memfd(changes: dict, expected: bool) -> None:
    assert inputs(**changes).memfd is expected


@pytest.mark.parametrize(("kind", "expected"), [("sev", True), ("tdx", False), ("pv", True)])
def test_shielded(kind: str, expected: bool) -> None:
    assert inputs(launch_security=LaunchSecurity(kind=kind)).shielded is expected
