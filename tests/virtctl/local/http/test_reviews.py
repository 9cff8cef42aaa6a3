import base64
import json

import pytest

from tests.fakes.apiserver import TOKEN
from virtctl.models.kinds import PVC, SERVICE_ACCOUNT

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
AUTHENTICATION = "/apis/authentication.k8s.io/v1"
CREATE_VM = {
    "resourceAttributes": {"verb": "create", "group": "kubevirt.io", "resource": "virtualmachines"}
}


async def ask(client, path, spec=None, **headers):
    return await client.post(path, json={"spec": spec or {}}, headers=headers)


async def test_may_i(client) -> None:
    url = f"{AUTHORIZATION}/selfsubjectaccessreviews"
    assert (await ask(client, url, CREATE_VM)).json()["status"] == {"allowed": True}
    joe = await ask(client, url, CREATE_VM, **{"impersonate-user": "joe"})
    assert (joe.status_code, joe.json()["status"]["allowed"]) == (201, False)
    nothing = await ask(client, url)
    assert (nothing.status_code, nothing.json()["reason"]) == (422, "Invalid")


@pytest.mark.parametrize(("groups", "allowed"), [(["system:masters"], True), ([], False)])
async def test_may_they(client, groups, allowed) -> None:
    spec = {**CREATE_VM, "user": "x", "groups": groups}
    answer = await ask(client, f"{AUTHORIZATION}/subjectaccessreviews", spec)
    assert answer.json()["status"]["allowed"] is allowed


async def test_rules_and_self(client) -> None:
    rules = await ask(client, f"{AUTHORIZATION}/selfsubjectrulesreviews")
    assert rules.json()["status"]["resourceRules"][0]["verbs"] == ["*"]
    me = await ask(client, f"{AUTHENTICATION}/selfsubjectreviews")
    assert me.json()["status"]["userInfo"]["username"] == "virtctl-admin"


@pytest.mark.parametrize(("token", "good"), [(TOKEN, True), ("other", False)])
async def test_token_review(client, token, good) -> None:
    answer = await ask(client, f"{AUTHENTICATION}/tokenreviews", {"token": token})
    assert answer.json()["status"]["authenticated"] is good


async def test_service_account_tokens(server, client) -> None:
    url = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    assert (await client.post(url, json=body)).status_code == 404
    server.service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    token = (await client.post(url, json=body)).json()["status"]["token"]
    robot = {"authorization": f"Bearer {token}"}
    me = await ask(client, f"{AUTHENTICATION}/selfsubjectreviews", **robot)
    assert me.json()["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"
    assert (await client.get("/api/v1/namespaces", headers=robot)).status_code == 403


async def test_reviews_are_only_created(client) -> None:
    assert (await client.get(f"{AUTHORIZATION}/selfsubjectaccessreviews")).status_code == 405


async def test_short_tokens_are_refused(server, client) -> None:
    server.service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    url = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 599},
    }
    answer = (await client.post(url, json=body)).json()
    assert answer["details"]["causes"][0]["field"] == "spec.expirationSeconds"


async def test_upload_tokens_are_for_one_claim(server, client) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {"metadata": {"name": "dv1"}, "spec": spec}
    made = server.service.create(PVC, "default", claim)
    url = "/apis/upload.cdi.kubevirt.io/v1beta1/namespaces/default/uploadtokenrequests"
    answer = await ask(client, url, {"pvcName": "dv1"})
    body = answer.json()["status"]["token"].split(".")[1]
    grant = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert (grant["name"], grant["uid"]) == ("dv1", made["metadata"]["uid"])
    refused = await ask(client, url, {"pvcName": "dv1"}, **{"impersonate-user": "joe"})
    assert refused.status_code == 403
