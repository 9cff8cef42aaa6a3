from tests.fakes.apiserver import TOKEN
from tests.fakes.definitions import definition
from virtctl.local.store.log import Unwritable
from virtctl.models.kinds import DEFINITION

VMS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"


async def test_errors_become_statuses(server, client) -> None:
    missing = await client.get(f"{VMS}/none")
    assert missing.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'virtualmachines.kubevirt.io "none" not found',
        "reason": "NotFound",
        "details": {"name": "none", "group": "kubevirt.io", "kind": "virtualmachines"},
        "code": 404,
    }
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": 5}}
    assert (await client.post(VMS, json=body)).status_code == 400


async def test_our_mistakes_are_logged_and_told(server, client, caplog) -> None:
    server.service._writer = None
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "a"}}
    failed = await client.post(VMS, json=body)
    assert (failed.status_code, failed.json()["reason"]) == (500, "InternalError")
    assert "Traceback" in caplog.text


async def test_credentials(server) -> None:
    async with server.client(authorization="Bearer wrong") as client:
        answer = await client.get(VMS)
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
    async with server.client(authorization=f"Bearer {TOKEN}") as client:
        assert (await client.get(VMS)).status_code == 200
    async with server.client(**{"impersonate-user": "joe"}) as client:
        assert (await client.get(VMS)).status_code == 403
        assert (await client.get("/metrics")).status_code == 403


class Disk:
    """Refuses while it is full."""

    def __init__(self, log) -> None:
        self._append = log.append
        self.full = True
        log.append = self.append

    def append(self, changes) -> None:
        if self.full:
            raise Unwritable("database or disk is full")
        self._append(changes)


async def test_a_full_disk_is_told_and_nothing_is_changed(server, client) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    maps = "/api/v1/namespaces/default/configmaps"
    disk = Disk(server.service._store._log)
    for grouped in (False, True):
        if grouped:
            server.service.group()
        failed = await client.post(maps, json=body)
        assert (failed.status_code, failed.json()["reason"]) == (500, "InternalError")
        assert failed.json()["message"] == (
            "the store cannot be written: database or disk is full; nothing was changed"
        )
        assert (await client.get(f"{maps}/a")).status_code == 404
        assert (await client.get(maps)).json()["items"] == []
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.text) == (
        500, "[-]store failed: database or disk is full\n"
    )  # fmt: skip
    assert (await client.get("/livez")).status_code == 200
    disk.full = False
    assert (await client.post(maps, json=body)).status_code == 201
    assert (await client.get("/readyz")).status_code == 200


async def test_a_definition_that_was_taken_back_is_served_no_more(server, client) -> None:
    disk = Disk(server.service._store._log)
    server.service.group()
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    made = definition()
    group = made["spec"]["group"]
    assert (await client.post(definitions, json=made)).status_code == 500
    assert (await client.get(f"/apis/{group}")).status_code == 404
    disk.full = False
    assert (await client.post(definitions, json=made)).status_code == 201
    assert server.service.exists(DEFINITION, None, made["metadata"]["name"])
    assert any(kind.group == group for kind in server.service.registry.kinds)
    disk.full = True
    name = made["metadata"]["name"]
    assert (await client.delete(f"{definitions}/{name}")).status_code == 500
    assert any(kind.group == group for kind in server.service.registry.kinds)
