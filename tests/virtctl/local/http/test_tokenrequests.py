import base64
import json

import pytest

from virtctl.local.http.identity import AUDIENCE
from virtctl.models.kinds import NODE, POD, SECRET, SERVICE_ACCOUNT

URL = "/api/v1/namespaces/default/serviceaccounts/robot/token"
TYPE = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def claims_of(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


@pytest.fixture
def account(server):
    return server.service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})


def pod_of(name: str, account: str, **spec) -> dict:
    containers = [{"name": "c", "image": "i"}]
    return {
        "metadata": {"name": name},
        "spec": {"serviceAccountName": account, "containers": containers, **spec},
    }


async def ask(client, spec, **metadata):
    return await client.post(URL, json={**TYPE, "metadata": metadata, "spec": spec})


async def test_a_token_of_an_account(client, account) -> None:
    answer = await ask(client, {})
    assert answer.status_code == 201
    made = answer.json()
    assert made["spec"] == {
        "audiences": [AUDIENCE],
        "expirationSeconds": 3600,
        "boundObjectRef": None,
    }
    assert made["metadata"]["uid"] == account["metadata"]["uid"]
    token = made["status"]["token"]
    robot = {"authorization": f"Bearer {token}"}
    me = (await client.post(REVIEW, json={}, headers=robot)).json()["status"]["userInfo"]
    assert me["username"] == "system:serviceaccount:default:robot"
    number = claims_of(token)["jti"]
    assert me["extra"] == {"authentication.kubernetes.io/credential-id": [f"JTI={number}"]}
    assert (await client.get("/api/v1/namespaces", headers=robot)).status_code == 403


async def test_no_account(client) -> None:
    assert (await ask(client, {})).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_tokens_are_only_asked_for(client, account, method) -> None:
    assert (await client.request(method, URL)).status_code == 405


@pytest.mark.parametrize("seconds", [-1, 599, 2**33])
async def test_how_long_it_may_hold(client, account, seconds) -> None:
    answer = (await ask(client, {"expirationSeconds": seconds})).json()
    assert (answer["code"], answer["details"]["causes"][0]["field"]) == (
        422,
        "spec.expirationSeconds",
    )


async def test_what_a_token_is_bound_to(server, client, account) -> None:
    service = server.service
    service.create(NODE, None, {"metadata": {"name": "n1"}})
    service.create(POD, "default", pod_of("p", "robot", nodeName="n1"))
    service.create(SECRET, "default", {"metadata": {"name": "s"}})
    for kind, name, known in (
        ("Pod", "p", {"pod", "node"}),
        ("Secret", "s", {"secret"}),
        ("Node", "n1", {"node"}),
    ):
        reference = {"apiVersion": "v1", "kind": kind, "name": name}
        made = (await ask(client, {"boundObjectRef": reference})).json()
        found = claims_of(made["status"]["token"])["kubernetes.io"]
        assert found.keys() - {"namespace", "serviceaccount"} == known
        assert found[kind.lower()]["name"] == name


async def test_a_pod_whose_node_is_not_known(server, client, account) -> None:
    server.service.create(POD, "default", pod_of("p", "robot", nodeName="n9"))
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
    made = (await ask(client, {"boundObjectRef": reference})).json()
    assert claims_of(made["status"]["token"])["kubernetes.io"]["node"] == {"name": "n9", "uid": ""}


@pytest.mark.parametrize(
    ("reference", "code", "message"),
    [
        ({"kind": "Pod", "name": "none"}, 404, 'pods "none" not found'),
        ({"kind": "Secret", "name": "none"}, 404, 'secrets "none" not found'),
        ({"kind": "Node", "name": "none"}, 404, 'nodes "none" not found'),
        (
            {"kind": "ConfigMap", "name": "x"},
            400,
            "cannot bind token to object of type /v1, Kind=ConfigMap",
        ),
        (
            {"kind": "Pod", "name": "other"},
            400,
            (
                'cannot bind token for serviceaccount "robot" to pod running with different '
                "serviceaccount name."
            ),
        ),
        (
            {"kind": "Pod", "name": "p", "uid": "7"},
            409,
            (
                'Operation cannot be fulfilled on Pod "p": the UID in the bound object reference '
                "(7) does not match the UID in record. The object might have been deleted and then "
                "recreated"
            ),
        ),
    ],
)
async def test_what_it_cannot_be_bound_to(
    server, client, account, reference, code, message
) -> None:
    server.service.create(POD, "default", pod_of("p", "robot"))
    server.service.create(POD, "default", pod_of("other", "default"))
    answer = (await ask(client, {"boundObjectRef": {"apiVersion": "v1", **reference}})).json()
    assert (answer["code"], answer["message"]) == (code, message)


async def test_for_whom_it_is(client, account) -> None:
    other = (await ask(client, {}, name="other")).json()
    assert other["message"] == (
        'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: '
        '"other": must match the service account name if specified'
    )
    away = (await ask(client, {}, namespace="away")).json()
    assert away["code"] == 400
    earlier = (await ask(client, {}, uid="7")).json()
    assert (earlier["code"], earlier["reason"]) == (409, "Conflict")
