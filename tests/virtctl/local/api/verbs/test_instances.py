import pytest

from tests.fakes.service import make_service
from virtctl.errors import NotFound
from virtctl.local.api.verbs import instances
from virtctl.models.kinds import VIRTUAL_MACHINE


@pytest.mark.parametrize(
    ("spec", "strategy"),
    [
        ({"runStrategy": "Once"}, "Once"),
        ({"running": True}, "Always"),
        ({"running": False}, "Halted"),
        ({}, "Halted"),
    ],
)
def test_strategy(spec, strategy) -> None:
    assert instances.strategy({"spec": spec}) == strategy


def test_reading() -> None:
    vmi = {"status": {"phase": "Failed", "conditions": [{"type": "Paused", "status": "True"}]}}
    assert instances.is_final(vmi)
    assert instances.has_condition(vmi, "Paused")
    assert not instances.has_condition(vmi, "Ready")


def test_missing() -> None:
    service = make_service()
    with pytest.raises(NotFound, match=r"virtualmachine\.kubevirt"):
        instances.machine(service, "default", "a")
    with pytest.raises(NotFound, match=r"virtualmachineinstance\.kubevirt"):
        instances.instance(service, "default", "a")
    assert instances.find_instance(service, "default", "a") is None
    service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "a"}})
    assert instances.machine(service, "default", "a")["metadata"]["name"] == "a"
