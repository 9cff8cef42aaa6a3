import base64
import json

import pytest

from tests.fakes.apiserver import TOKEN
from virtctl.local.http.identity import AUDIENCE
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
    url = f"{AUTHORIZATION}/selfsubjectrulesreviews"
    rules = await ask(client, url, {"namespace": "default"})
    assert rules.json()["status"]["resourceRules"][0]["verbs"] == ["*"]
    nowhere = await ask(client, url)
    assert (nowhere.status_code, nowhere.json()["message"]) == (400, "no namespace on request")
    me = await ask(client, f"{AUTHENTICATION}/selfsubjectreviews")
    assert me.json()["status"]["userInfo"]["username"] == "virtctl-admin"


async def test_token_review(client) -> None:
    url = f"{AUTHENTICATION}/tokenreviews"
    good = (await ask(client, url, {"token": TOKEN})).json()["status"]
    assert (good["authenticated"], good["audiences"]) == (True, [AUDIENCE])
    bad = (await ask(client, url, {"token": "other"})).json()["status"]
    assert bad == {"user": {}, "error": "invalid bearer token"}
    none = (await ask(client, url)).json()
    assert (none["code"], none["message"]) == (
        400,
        "token is required for TokenReview in authentication",
    )


async def test_a_token_is_reviewed_for_its_audiences(server, client) -> None:
    server.service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    account = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    made = await ask(client, account, {"audiences": ["vault"]})
    token = made.json()["status"]["token"]
    url = f"{AUTHENTICATION}/tokenreviews"
    good = (await ask(client, url, {"token": token, "audiences": ["vault", "x"]})).json()["status"]
    assert (good["authenticated"], good["audiences"]) == (True, ["vault"])
    refused = (await ask(client, url, {"token": token})).json()["status"]
    assert 'token audiences ["vault"] is invalid' in refused["error"]
    answer = await client.get("/api", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")


async def test_reviews_are_only_created(client) -> None:
    assert (await client.get(f"{AUTHORIZATION}/selfsubjectaccessreviews")).status_code == 405


async def test_reviews_are_read_as_other_objects(client) -> None:
    url = f"{AUTHORIZATION}/selfsubjectaccessreviews"
    spec = {"resourceAttributes": {"verb": "get", "zz": 1}}
    warned = await ask(client, url, spec)
    assert warned.json()["spec"] == {"resourceAttributes": {"verb": "get"}}
    assert 'unknown field \\"spec.resourceAttributes.zz\\"' in warned.headers["warning"]
    strict = (await ask(client, f"{url}?fieldValidation=Strict", spec)).json()
    assert strict["message"] == (
        'SelfSubjectAccessReview in version "v1" cannot be handled as a SelfSubjectAccessReview: '
        'strict decoding error: unknown field "spec.resourceAttributes.zz"'
    )
    wrong = (await ask(client, url, {"resourceAttributes": {"verb": 1}})).json()
    assert wrong["message"].endswith(
        "json: cannot unmarshal number into Go struct field "
        "ResourceAttributes.spec.resourceAttributes.verb of type string"
    )
    table = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    assert (await ask(client, url, CREATE_VM, **table)).status_code == 406


@pytest.mark.parametrize(
    "path",
    [
        f"{AUTHORIZATION}/localsubjectaccessreviews",
        f"{AUTHORIZATION}/namespaces/default/subjectaccessreviews",
        f"{AUTHENTICATION}/selfsubjectreviews/x",
    ],
)
async def test_reviews_have_one_place(client, path) -> None:
    answer = await ask(client, path)
    assert answer.status_code == 404
    assert answer.json()["message"] == "the server could not find the requested resource"


async def test_a_local_review_is_of_its_namespace(client) -> None:
    url = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    pods = {"verb": "list", "resource": "pods", "namespace": "default"}
    here = (await ask(client, url, {"user": "x", "resourceAttributes": pods})).json()
    assert (here["metadata"], here["status"]) == ({"namespace": "default"}, {"allowed": False})
    away = {**pods, "namespace": "other"}
    refused = (await ask(client, url, {"user": "x", "resourceAttributes": away})).json()
    causes = refused["details"]["causes"]
    assert [cause["field"] for cause in causes] == ["spec.resourceAttributes.namespace"]


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
