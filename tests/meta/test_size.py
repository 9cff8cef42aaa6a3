"""No god modules: a module has at most 600 lines."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for room in ("virtctl", "launcher", "tests") for path in (ROOT / room).rglob("*.py")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_is_not_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 600, "split it by what it holds"
