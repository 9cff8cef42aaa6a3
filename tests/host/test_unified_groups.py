"""Control groups of the unified hierarchy, with real processes, also where this host has others."""

import sys
from pathlib import Path

import pytest

from launcher.system import cgroups
from tests.fakes import usermode
from tests.launcher.system import test_cgroups

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(usermode.missing()), reason=f"not installed: {usermode.missing()}"),
]

HOME = Path(__file__).resolve().parents[2]
RUN = f"""
from {test_cgroups.__name__} import *
test_this_hosts_groups_hold_processes()
test_this_host_ends_what_takes_more_memory_than_its_group_may_have()
print(cgroups.look())
"""


def test_the_unified_hierarchy_limits_processes(tmp_path: Path) -> None:
    if cgroups.look().unified:
        pytest.skip("the tests of control groups do so: this host has the unified hierarchy")
    inside = f"mount -t cgroup2 none /sys/fs/cgroup && exec {sys.executable} -c '{RUN}'"
    done = usermode.run(("sh", "-c", inside), tmp_path, HOME, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unified=True" in done.stdout
