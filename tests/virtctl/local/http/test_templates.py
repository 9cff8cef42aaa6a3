import pytest

from virtctl.models.kinds import TEMPLATE, VIRTUAL_MACHINE

PATH = "/apis/subresources.template.kubevirt.io/v1beta1/namespaces/default/virtualmachinetemplates"


@pytest.fixture
def stored(server):
    vm = {"metadata": {"name": "${NAME}"}}
    spec = {"virtualMachine": vm, "parameters": [{"name": "NAME", "value": "web"}]}
    return server.service.create(TEMPLATE, "default", {"metadata": {"name": "t"}, "spec": spec})


async def test_processed_and_created(client, server, stored) -> None:
    answer = await client.post(f"{PATH}/t/process", json={"parameters": {"NAME": "db"}})
    assert (answer.status_code, answer.json()["virtualMachine"]) == (
        200, {"metadata": {"name": "db"}},
    )  # fmt: skip
    answer = await client.post(f"{PATH}/t/create")
    assert answer.json()["virtualMachine"]["metadata"]["name"] == "web"
    assert server.service.exists(VIRTUAL_MACHINE, "default", "web")
    assert (await client.post(f"{PATH}/t/create")).status_code == 409


async def test_what_is_no_verb(client, stored) -> None:
    assert (await client.get(f"{PATH}/t/process")).status_code == 405
    assert (await client.post(f"{PATH}/t/destroy")).status_code == 404
    assert (await client.post(f"{PATH}/none/process")).status_code == 404
    answer = await client.post(f"{PATH}/t/process", json={"parameters": {"X": "1"}})
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
