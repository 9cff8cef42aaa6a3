import json
from collections.abc import Iterator

import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, refused, vm
from tests.fakes.env import virtctl

CORE = "/api/v1/namespaces/default"
SPEC = {
    "volumes": [
        {"name": "a", "persistentVolumeClaim": {"claimName": "disk"}},
        {"name": "b", "secret": {"secretName": "keys", "optional": True}},
        {"name": "c", "cloudInitNoCloud": {"secretRef": {"name": "seed"}}},
    ],
    "networks": [{"name": "lan", "multus": {"networkName": "nets/lan"}}],
}
EVENT = {
    "type": "Warning", "reason": "ProvisioningFailed", "message": "no class",
    "lastTimestamp": "2026-01-01T00:00:00Z",
    "involvedObject": {"kind": "PersistentVolumeClaim", "name": "disk"},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        spec = {"runStrategy": "Always", "template": {"spec": SPEC}}
        made.object(
            f"{KUBEVIRT}/virtualmachines/web", {**vm(printableStatus="Provisioning"), "spec": spec}
        )
        made.object(f"{CORE}/pods", {"items": []})
        made.object(f"{CORE}/persistentvolumeclaims/disk", {"status": {"phase": "Pending"}})
        made.object(f"{CORE}/secrets/seed", {})
        made.object(
            "/apis/k8s.cni.cncf.io/v1/namespaces/nets/network-attachment-definitions/lan", {}
        )
        other = {**EVENT, "involvedObject": {"kind": "Pod", "name": "other"}}
        made.object(f"{CORE}/events", {"items": [EVENT, other]})
        yield made


def test_told(server: ApiServer) -> None:
    ran = virtctl("why", "web", server=server.url)
    assert ran.out.splitlines() == [
        "web is Provisioning: PersistentVolumeClaim disk: phase Pending",
        "  VirtualMachine web",
        "    - run strategy Always: it should run",
        "  PersistentVolumeClaim disk",
        "    ! phase Pending",
        "    - ProvisioningFailed: no class (2026-01-01T00:00:00Z)",
        "hint: look at the storage class: `virtctl get storageclass,pvc`",
    ]
    data = json.loads(virtctl("why", "vm/web", "-o", "json", server=server.url).out)
    assert data["summary"].startswith("web is Provisioning")


def test_what_may_not_be_read_is_left_out(server: ApiServer) -> None:
    server.on("GET", f"{CORE}/events", refused(403, "Forbidden", "no"))
    server.on("GET", f"{CORE}/secrets/seed", refused(403, "Forbidden", "no"))
    ran = virtctl("why", "web", server=server.url)
    assert ran.code == 0
    assert ran.err == "events may not be read, so what they say is missing here\n"
    assert "seed" not in ran.out


def test_no_such_machine() -> None:
    with api_server() as server:
        ran = virtctl("why", "web", server=server.url)
    assert (ran.code, ran.err) == (1, "error: there is no machine web in namespace default\n")
