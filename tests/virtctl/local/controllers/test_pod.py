from pathlib import Path

import pytest

from tests.fakes.shelf import cases, decided
from virtctl.local.controllers.pod import PodController

CASES = cases(Path(__file__).parent / "cases", "pod")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(PodController(), case)
    assert found == wanted
