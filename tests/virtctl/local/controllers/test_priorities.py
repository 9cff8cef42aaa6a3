from tests.fakes.service import make_service
from virtctl.local.controllers import priorities
from virtctl.models.kinds import PRIORITY_CLASS


def test_system_classes_are_made_once() -> None:
    service = make_service()
    priorities.prepare(service)
    made = {one["metadata"]["name"]: one for one in service.list(PRIORITY_CLASS).items}
    assert {name: one["value"] for name, one in made.items()} == {
        "system-cluster-critical": 2_000_000_000,
        "system-node-critical": 2_000_001_000,
    }
    priorities.prepare(service)
    again = {one["metadata"]["name"]: one for one in service.list(PRIORITY_CLASS).items}
    assert again == made
