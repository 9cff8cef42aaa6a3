"""Control groups: on a file system that only looks like them, and on this host's own."""

import os
import signal
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.spec import Limits
from launcher.system import cgroups

LIMITS = Limits(cpu_request=500, cpu_limit=1500, memory=300 << 20)


@pytest.fixture
def unified(tmp_path: Path) -> cgroups.Found:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    found = cgroups.look(tmp_path)
    assert found == cgroups.Found(unified=True, roots=(str(tmp_path),))
    return found


def test_limits_of_the_unified_hierarchy(unified: cgroups.Found) -> None:
    (group,) = cgroups.make("uid", LIMITS, unified)
    assert {path.name: path.read_text() for path in group.iterdir()} == {
        "cpu.weight": "20",
        "cpu.max": "150000 100000",
        "memory.max": str(300 << 20),
    }
    for parent in (group.parent, group.parent.parent):
        assert (parent / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_limits_change_while_processes_run(unified: cgroups.Found) -> None:
    cgroups.adjust("uid", LIMITS, unified)  # nothing to change yet
    (group,) = cgroups.make("uid", LIMITS, unified)
    cgroups.adjust("uid", Limits(memory=400 << 20), unified)
    assert (group / "memory.max").read_text() == str(400 << 20)
    assert (group / "cpu.max").read_text() == "max 100000"


def test_without_limits() -> None:
    one = cgroups.settings(Limits(), cgroups.Found(unified=True, roots=("/c",)))
    assert one == {"/c/cpu.weight": "1", "/c/cpu.max": "max 100000", "/c/memory.max": "max"}
    two = cgroups.settings(Limits(cpu_request=1000), cgroups.Found(roots=("/cpu", "/memory")))
    assert two == {
        "/cpu/cpu.shares": "1024",
        "/cpu/cpu.cfs_period_us": "100000",
        "/cpu/cpu.cfs_quota_us": "-1",
        "/memory/memory.limit_in_bytes": "-1",
    }


def test_a_host_without_groups_says_why(tmp_path: Path) -> None:
    found = cgroups.look(tmp_path)
    assert "no control groups" in found.reason
    assert cgroups.make("uid", LIMITS, found) == ()


def test_a_limit_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    for name in ("cpu", "memory"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    found = cgroups.look(tmp_path)
    broken = tmp_path / "cpu/virtctl/uid/cpu.shares"
    broken.mkdir(parents=True)
    with pytest.raises(HostError, match="Is a directory"):
        cgroups.make("uid", LIMITS, found)


@pytest.mark.host
def test_this_hosts_groups_hold_processes() -> None:
    found = cgroups.look()
    if found.reason:
        pytest.skip(found.reason)
    name = f"test-{os.getpid()}"
    groups = cgroups.make(name, LIMITS, found)
    try:
        child = os.fork()
        if child == 0:
            for group in groups:
                (group / "cgroup.procs").write_text("0")
            os._exit(0 if name in Path("/proc/self/cgroup").read_text() else 1)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        cgroups.remove(name, found)
    assert not any(group.exists() for group in groups)


@pytest.mark.host
def test_this_host_ends_what_takes_more_memory_than_its_group_may_have() -> None:
    found = cgroups.look()
    if found.reason:
        pytest.skip(found.reason)
    name = f"test-{os.getpid()}"
    groups = cgroups.make(name, Limits(memory=32 << 20), found)
    try:
        assert greedy(groups) == signal.SIGKILL
        cgroups.adjust(name, Limits(memory=512 << 20), found)
        assert greedy(groups) == 0
    finally:
        cgroups.remove(name, found)


def greedy(groups: tuple[Path, ...]) -> int:
    """What ends a process in some groups that writes to 64 MiB of memory: a signal, or nothing."""
    child = os.fork()
    if child == 0:
        for group in groups:
            (group / "cgroup.procs").write_text("0")
        block = bytearray(64 << 20)
        block[::4096] = b"x" * (len(block) // 4096)
        os._exit(0)
    return os.waitpid(child, 0)[1] & 0x7F
