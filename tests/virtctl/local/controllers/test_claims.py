from pathlib import Path

import pytest

from tests.fakes.shelf import cases, decided
from virtctl.local.controllers.claims import ClaimController, Room

CASES = cases(Path(__file__).parent / "cases", "claims")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case):
    found, wanted = decided(ClaimController(Path("/volumes")), case)
    assert found == wanted


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (Room(total=1 << 20, free=1 << 20), "has 1Mi in all"),
        (Room(total=1 << 50, free=1 << 20), "nearly full (1Mi left)"),
        (Room(total=1 << 50, free=1 << 40), ""),
    ],
)
def test_a_claim_that_the_host_cannot_hold(room, said):
    new = next(path for path in CASES if path.name == "claims-new")
    (change, *_), _ = decided(ClaimController(Path("/volumes"), lambda: room), new)
    assert said in change.get("message", "")
    assert ("create" in change) is not bool(said)
