"""The domains that KubeVirt made, recorded, beside ours: all of them equal, or refused alike.

The recordings and their comparer lie beside the repository; without them there is nothing to do.
"""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).resolve().parents[2]
ORACLE = HOME.parent / "shared" / "oracle"
ADAPTER = Path(__file__).with_name("domain.py")
CASES = sorted(
    {
        file.parent
        for name in ("expected.xml", "error.json")
        for file in ORACLE.glob(f"domain/*/*/{name}")
    }
)

pytestmark = pytest.mark.skipif(not CASES, reason="the recordings are not there")


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def comparer() -> ModuleType:
    return module(ORACLE / "tools" / "domaindiff.py")


@pytest.fixture(scope="module")
def adapter() -> ModuleType:
    return module(ADAPTER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-2:]))
def test_our_domain_is_kubevirts(
    case: Path, comparer: ModuleType, adapter: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    code = adapter.main(str(case / "vmi.yaml"), str(case / "facts.json"))
    xml = capsys.readouterr().out
    if (case / "error.json").exists():
        said = json.loads((case / "error.json").read_text())
        assert code, f"KubeVirt refuses it at the stage {said['stage']}: {said['message']}"
        return
    assert not code
    found, _ = comparer.compare((case / "expected.xml").read_text(), xml, comparer.Opt())
    assert found == []
