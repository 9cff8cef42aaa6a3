"""The bridge binding with the link that KubeVirt uses, on a kernel that has it.

Its ``nft`` has no NAT of the ``ip`` family, so only machines without masquerade can be had there.
"""

import sys
from pathlib import Path

import pytest

from launcher.system import linkkinds
from tests.fakes import usermode

pytestmark = [
    pytest.mark.host,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(usermode.missing()), reason=f"not installed: {usermode.missing()}"),
]

HOME = Path(__file__).resolve().parents[2]


def inside(room: Path, *words: str) -> str:
    done = usermode.run(words, room, HOME, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_bridged_pod_keeps_its_address_on_a_dummy(tmp_path: Path) -> None:
    if linkkinds.known("dummy"):
        pytest.skip("the other tests have done so: this kernel has dummy links")
    tests = ("tests/launcher/system/test_podnet.py", "tests/host/test_bridge_binding.py")
    words = ("-q", "--color=no", "-p", "no:cacheprovider", "-m", "host", "-k", "bridge or keeps")
    told = inside(tmp_path, sys.executable, "-m", "pytest", *words, *tests)
    assert " passed" in told
    assert "failed" not in told


def test_recorded_networks_are_the_same_with_dummies(tmp_path: Path) -> None:
    if not (HOME.parent / "shared/oracle/network/bridge").exists():
        pytest.skip("the recordings are not there")
    words = ("-q", "--color=no", "-p", "no:cacheprovider", "-m", "host", "-k", "without")
    told = inside(tmp_path, sys.executable, "-m", "pytest", *words, "tests/oracle/test_network.py")
    assert "1 passed" in told
