from tests.fakes.service import make_service
from virtctl.local.api.verbs.gates import is_on
from virtctl.models.kinds import KUBEVIRT


def test_gates() -> None:
    service = make_service()
    assert not is_on(service, "HostDisk")
    assert is_on(service, "Snapshot")
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["HostDisk"]}}}
    service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    assert is_on(service, "HostDisk")
    assert not is_on(service, "ObjectGraph")
