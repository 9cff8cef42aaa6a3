import pytest

from virtctl.errors import BadRequest
from virtctl.local.http.pods import choose_container
from virtctl.models.kinds import POD

PODS = "/api/v1/namespaces/default/pods"


def pod(*names: str, default: str = "", init: str = ""):
    document = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": n} for n in names]}}
    if default:
        annotations = {"kubectl.kubernetes.io/default-container": default}
        document["metadata"]["annotations"] = annotations
    if init:
        document["spec"]["initContainers"] = [{"name": init}]
    return document


@pytest.mark.parametrize(
    ("document", "asked", "chosen"),
    [
        (pod("a"), "", "a"),
        (pod("a", "b"), "b", "b"),
        (pod("a", "b", default="b"), "", "b"),
        (pod("a", init="i"), "i", "i"),
        (pod(), "", ""),
    ],
)
def test_container(document, asked, chosen) -> None:
    assert choose_container(document, asked) == chosen


@pytest.mark.parametrize(
    ("document", "asked", "said"),
    [(pod("a", "b"), "", r"choose one of: \[a b\]"), (pod("a"), "z", "container z is not valid")],
)
def test_no_container(document, asked, said) -> None:
    with pytest.raises(BadRequest, match=said):
        choose_container(document, asked)


@pytest.fixture
def stored(server):
    return server.service.create(POD, "default", pod("compute", "log"))


async def test_log(client, stored) -> None:
    answer = await client.get(f"{PODS}/p/log?container=compute&tailLines=2")
    assert answer.text == "compute 1\ncompute 2\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert (await client.get(f"{PODS}/p/log")).status_code == 400
    assert (await client.get(f"{PODS}/p/log?container=log&previous=true")).status_code == 400
    assert (await client.get(f"{PODS}/none/log")).status_code == 404


async def test_evict(client, stored) -> None:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "p"},
        "deleteOptions": {"dryRun": ["All"]},
    }
    assert (await client.post(f"{PODS}/p/eviction", json=body)).status_code == 201
    assert (await client.get(f"{PODS}/p")).status_code == 200
    del body["deleteOptions"]
    assert (await client.post(f"{PODS}/p/eviction", json=body)).status_code == 201
    assert (await client.get(f"{PODS}/p")).status_code == 404


@pytest.mark.parametrize("verb", ["exec", "attach", "portforward"])
async def test_streams_need_an_upgrade(client, stored, verb) -> None:
    answer = await client.get(f"{PODS}/p/{verb}")
    assert (answer.status_code, answer.json()["kind"]) == (400, "Status")


async def test_what_pods_do_not_do(server, client) -> None:
    server.service.create(POD, "default", pod())
    for method, path, code in (
        ("GET", "eviction", 405),
        ("DELETE", "log", 405),
        ("PUT", "exec", 405),
        ("GET", "exec", 400),
        ("GET", "log?tailLines=-1", 422),
        ("GET", "log?limitBytes=0", 422),
    ):
        assert (await client.request(method, f"{PODS}/p/{path}")).status_code == code
    assert (await client.get(f"{PODS}/none/exec")).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"metadata": {"name": "other"}}, {"kind": "Pod", "metadata": {"name": "p"}}]
)
async def test_evictions_name_their_pod(server, client, body) -> None:
    server.service.create(POD, "default", pod())
    assert (await client.post(f"{PODS}/p/eviction", json=body)).status_code == 400
