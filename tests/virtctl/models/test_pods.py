"""Pods."""

from virtctl.models.base import read
from virtctl.models.pods import Pod


def test_reads_spec_and_status():
    state = {"running": {"startedAt": "2026-01-02T03:04:05Z"}}
    container = {
        "name": "compute",
        "image": "launcher",
        "imageID": "",
        "ready": True,
        "restartCount": 0,
        "state": state,
    }
    pod = read(
        Pod,
        {
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "compute"}], "nodeName": "node1"},
            "status": {
                "phase": "Running",
                "podIPs": [{"ip": "10.244.1.2"}, {"ip": "fd10::2"}],
                "containerStatuses": [container],
            },
        },
    )
    assert pod.spec.node_name == "node1"
    assert [address.ip for address in pod.status.pod_ips] == ["10.244.1.2", "fd10::2"]
    assert pod.status.container_statuses[0].state.running is not None
