import pytest

from virtctl.output.networks.forecast import forecast

RUNNING = {"status": {"phase": "Running"}}
MOVABLE = {"status": {"conditions": [{"type": "LiveMigratable", "status": "True"}]}}


@pytest.mark.parametrize(
    ("vmi", "binding", "local", "strategy", "word"),
    [
        (None, "bridge", False, "", "next-start"),
        ({"status": {"phase": "Failed"}}, "bridge", True, "", "next-start"),
        (RUNNING, "bridge", True, "", "live"),
        (RUNNING, "masquerade", True, "", "restart"),
        (RUNNING, "bridge", False, "", "restart"),
        (MOVABLE, "bridge", False, "LiveUpdate", "migration"),
        (MOVABLE, "sriov", False, "", "migration"),
        (MOVABLE, "bridge", False, "Stage", "restart"),
    ],
)
def test_what_it_needs(vmi, binding, local, strategy, word) -> None:
    assert forecast(vmi, binding, local=local, strategy=strategy).word == word
