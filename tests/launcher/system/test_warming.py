from pathlib import Path

import msgspec
import pytest

from launcher import lifecycle
from launcher.facts import CPUS_FILE, HostCpus

pytestmark = pytest.mark.host


def test_the_cache_is_filled_and_nothing_else_is_left(tmp_path: Path) -> None:
    cache = tmp_path / "qemu-capabilities"
    assert lifecycle.warm(cache).wait(60) == 0
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".xml"]
    facts = msgspec.json.decode((cache / CPUS_FILE).read_bytes(), type=HostCpus)
    assert facts.qemu is not None
    assert facts.qemu.known
    assert set(facts.qemu.usable) <= set(facts.qemu.known)
    assert [path.name for path in tmp_path.iterdir()] == ["qemu-capabilities"]
    (found,) = cache.glob("*.xml")
    before = found.stat().st_mtime_ns
    assert lifecycle.warm(cache).wait(60) == 0
    assert found.stat().st_mtime_ns == before
