from datetime import UTC, datetime

import pytest

from virtctl.local.api.columns import columns_of
from virtctl.models import kinds

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
META = {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}


def shown(kind, **document):
    item = {"metadata": META, **document}
    return {column.name: column.cell(item, NOW) for column in columns_of(kind)}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_empty_objects_can_be_shown(kind) -> None:
    cells = shown(kind)
    assert "a" in cells.values()


def test_pod() -> None:
    cells = shown(
        kinds.POD,
        spec={
            "containers": [{}, {}],
            "nodeName": "n1",
            "readinessGates": [{"conditionType": "g"}, {"conditionType": "h"}],
        },
        status={
            "phase": "Pending",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "g", "status": "True"}],
            "containerStatuses": [
                {"ready": True, "restartCount": 1},
                {"restartCount": 2, "state": {"waiting": {"reason": "ErrImagePull"}}},
            ],
        },
    )
    assert cells == {
        "Name": "a", "Ready": "1/2", "Status": "ErrImagePull", "Restarts": "3", "Age": "60s",
        "IP": "10.0.0.1", "Node": "n1", "Nominated Node": "<none>", "Readiness Gates": "1/2",
    }  # fmt: skip
    deleted = {**META, "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert shown(kinds.POD, metadata=deleted)["Status"] == "Terminating"
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    assert shown(kinds.POD, status={"conditions": [gated]})["Status"] == "SchedulingGated"


def test_service() -> None:
    cells = shown(
        kinds.SERVICE,
        spec={
            "type": "LoadBalancer",
            "clusterIP": "10.0.0.1",
            "ports": [{"port": 22, "nodePort": 30022}, {"port": 53, "protocol": "UDP"}],
            "selector": {"b": "2", "a": "1"},
        },
    )
    assert cells["Port(s)"] == "22:30022/TCP,53/UDP"
    assert cells["External-IP"] == "<pending>"
    assert cells["Selector"] == "a=1,b=2"
    ingress = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}
    assert shown(kinds.SERVICE, status=ingress)["External-IP"] == "1.2.3.4"


def test_node() -> None:
    labels = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""}
    cells = shown(
        kinds.NODE,
        metadata={**META, "labels": labels},
        spec={"unschedulable": True},
        status={
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "10.1.1.1"}],
        },
    )
    assert cells["Status"] == "Ready,SchedulingDisabled"
    assert cells["Roles"] == "control-plane,worker"
    assert cells["Internal-IP"] == "10.1.1.1"


def test_event() -> None:
    cells = shown(
        kinds.EVENT,
        involvedObject={"kind": "VirtualMachine", "name": "web"},
        source={"component": "c", "host": "h"},
        lastTimestamp="2026-01-01T00:00:30Z",
        message="hello\n",
    )
    assert (cells["Object"], cells["Source"]) == ("virtualmachine/web", "c, h")
    assert (cells["Last Seen"], cells["Message"], cells["Count"]) == ("30s", "hello", 1)


def test_storage() -> None:
    claim = shown(
        kinds.PVC, status={"phase": "Bound", "accessModes": ["ReadWriteOnce", "ReadWriteMany"]}
    )
    assert (claim["Status"], claim["Access Modes"]) == ("Bound", "RWO,RWX")
    volume = shown(kinds.PV, spec={"claimRef": {"namespace": "n", "name": "c"}})
    assert volume["Claim"] == "n/c"


def test_machines() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    cells = shown(kinds.VIRTUAL_MACHINE, status={"printableStatus": "Running", **ready})
    assert cells == {"Name": "a", "Age": "60s", "Status": "Running", "Ready": "True"}
    status = {"interfaces": [{"ipAddress": "10.0.0.9"}], "phase": "Running"}
    assert shown(kinds.VIRTUAL_MACHINE_INSTANCE, status=status)["IP"] == "10.0.0.9"
    assert shown(kinds.VIRTUAL_MACHINE)["Ready"] is None


def test_controller_revision() -> None:
    owner = {
        "controller": True,
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "name": "w",
    }
    cells = shown(
        kinds.CONTROLLER_REVISION, metadata={**META, "ownerReferences": [owner]}, revision=1
    )
    assert (cells["Controller"], cells["Revision"]) == ("virtualmachine.kubevirt.io/w", 1)


def test_classes_and_names() -> None:
    notes = {"storageclass.kubernetes.io/is-default-class": "true"}
    cells = shown(kinds.STORAGE_CLASS, metadata={**META, "annotations": notes})
    assert cells["Name"] == "a (default)"
    assert shown(kinds.STORAGE_CLASS)["Name"] == "a"
    named = shown(kinds.SERVICE, spec={"type": "ExternalName", "externalName": "example.com"})
    assert named["External-IP"] == "example.com"
    assert list(shown(kinds.SERVICE_ACCOUNT)) == ["Name", "Age"]
