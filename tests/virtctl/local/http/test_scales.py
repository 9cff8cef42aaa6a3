import pytest

from tests.fakes.apiserver import TABLE
from virtctl.models.kinds import INSTANCE_REPLICA_SET, VIRTUAL_MACHINE

PATH = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancereplicasets"
MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def stored(server):
    document = {"metadata": {"name": "rs1"}, "spec": {"replicas": 2}}
    return server.service.create(INSTANCE_REPLICA_SET, "default", document)


async def test_scale_is_read_and_written(client, stored) -> None:
    scale = (await client.get(f"{PATH}/rs1/scale")).json()
    assert scale["spec"] == {"replicas": 2}
    scale["spec"]["replicas"] = 4
    answer = await client.put(f"{PATH}/rs1/scale", json=scale)
    assert (answer.status_code, answer.json()["spec"]) == (200, {"replicas": 4})
    assert (await client.get(f"{PATH}/rs1")).json()["spec"]["replicas"] == 4
    assert (await client.put(f"{PATH}/rs1/scale", json=scale)).status_code == 409


async def test_scale_is_patched(client, stored) -> None:
    body = '{"spec": {"replicas": 3}}'
    answer = await client.patch(f"{PATH}/rs1/scale", content=body, headers=MERGE)
    assert answer.json()["spec"] == {"replicas": 3}
    body = '{"spec": {"replicas": -3}}'
    answer = await client.patch(f"{PATH}/rs1/scale", content=body, headers=MERGE)
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")


async def test_no_scale(client, server, stored) -> None:
    assert (await client.get(f"{PATH}/none/scale")).status_code == 404
    assert (await client.delete(f"{PATH}/rs1/scale")).status_code == 405
    server.service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "vm1"}})
    machines = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
    assert (await client.get(f"{machines}/vm1/scale")).status_code == 404


async def test_tables_of_scales(client, stored) -> None:
    table = (await client.get(f"{PATH}/rs1/scale", headers={"accept": TABLE})).json()
    assert [one["name"] for one in table["columnDefinitions"]] == [
        "Name", "Desired", "Available", "Age",
    ]  # fmt: skip
    assert table["rows"][0]["cells"][:3] == ["rs1", 2, 0]
