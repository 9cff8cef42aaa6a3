import pytest

from virtctl.errors import UsageError
from virtctl.manifests.instancetype import Place, Size, Taste, instancetype, preference


def random() -> str:
    return "bcdfg"


@pytest.mark.parametrize(
    ("place", "kind", "metadata"),
    [
        (Place(), "VirtualMachineClusterInstancetype", {"name": "clusterinstancetype-bcdfg"}),
        (Place(namespaced=True), "VirtualMachineInstancetype", {"name": "instancetype-bcdfg"}),
        (Place("m"), "VirtualMachineClusterInstancetype", {"name": "m"}),
        (Place(""), "VirtualMachineClusterInstancetype", {}),
        (
            Place("m", namespace="lab"),
            "VirtualMachineInstancetype",
            {"name": "m", "namespace": "lab"},
        ),
    ],
)
def test_where_it_belongs(place: Place, kind: str, metadata: dict[str, str]) -> None:
    made = instancetype(place, Size(2, "1.5Gi"), random)
    assert (made["kind"], made["metadata"]) == (kind, metadata)
    assert made["spec"] == {"cpu": {"guest": 2}, "memory": {"guest": "1536Mi"}}


def test_devices_and_threads() -> None:
    devices = {"gpu": ["name:g,devicename:example.com/GPU"], "hostdevice": ["devicename:q,name:h"]}
    made = instancetype(Place("m"), Size(1, "1Gi", devices, "shared"), random)
    assert made["spec"] == {
        "cpu": {"guest": 1},
        "memory": {"guest": "1Gi"},
        "gpus": [{"name": "g", "deviceName": "example.com/GPU"}],
        "hostDevices": [{"name": "h", "deviceName": "q"}],
        "ioThreadsPolicy": "shared",
    }


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (Size(0, "1Gi"), "greater than zero"),
        (Size(1, "much"), '"--memory" flag'),
        (Size(1, "1Gi", {"gpu": ["name:g"]}), "deviceName must be specified"),
        (Size(1, "1Gi", {"hostdevice": ["devicename:g"]}), "name must be specified"),
        (Size(1, "1Gi", io_threads_policy="all"), "`all` must be one of auto, shared"),
    ],
)
def test_refused(size: Size, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        instancetype(Place(), size, random)


def test_preferences() -> None:
    made = preference(Place("p", namespace="lab"), Taste("threads", "q35", "fast"), random)
    assert made["kind"] == "VirtualMachinePreference"
    assert made["spec"] == {
        "cpu": {"preferredCPUTopology": "threads"},
        "machine": {"preferredMachineType": "q35"},
        "volumes": {"preferredStorageClassName": "fast"},
    }
    assert preference(Place(), Taste(), random)["spec"] == {}
    assert preference(Place(), Taste(machine_type=""), random)["spec"] == {"machine": {}}


def test_topologies_are_few() -> None:
    assert preference(Place(), Taste("preferAny"), random)["spec"]
    with pytest.raises(UsageError, match="`round` must be one of sockets"):
        preference(Place(), Taste("round"), random)
