"""Every source module has a test module at the same path."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Entry points are a few lines that every test of a command runs; packages hold a docstring only.
EXEMPT = {"__init__.py", "__main__.py"}
MODULES = sorted(
    path.relative_to(ROOT)
    for room in ("virtctl", "launcher")
    for path in (ROOT / room).rglob("*.py")
    if path.name not in EXEMPT
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_a_test(module: Path) -> None:
    partner = ROOT / "tests" / module.parent / f"test_{module.name}"
    assert partner.exists(), f"write {partner.relative_to(ROOT)}"
