from pathlib import Path

import pytest

from launcher import lifecycle

pytestmark = pytest.mark.host


def test_the_cache_is_filled_and_nothing_else_is_left(tmp_path: Path) -> None:
    cache = tmp_path / "qemu-capabilities"
    assert lifecycle.warm(cache).wait(60) == 0
    assert [path.suffix for path in cache.iterdir()] == [".xml"]
    assert [path.name for path in tmp_path.iterdir()] == ["qemu-capabilities"]
    (found,) = cache.iterdir()
    before = found.stat().st_mtime_ns
    assert lifecycle.warm(cache).wait(60) == 0
    assert found.stat().st_mtime_ns == before
