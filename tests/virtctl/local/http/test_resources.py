import msgspec
import pytest

from tests.fakes.apiserver import TABLE
from virtctl.models.kinds import ROLE, ROLE_BINDING

VMS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
MAPS = "/api/v1/namespaces/default/configmaps"


def vm(name="web", **spec):
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {"runStrategy": "Halted", **spec},
    }


@pytest.fixture
async def stored(client):
    return (await client.post(VMS, json=vm())).json()


async def test_create_and_get(client) -> None:
    made = await client.post(VMS, json=vm())
    assert made.status_code == 201
    got = await client.get(f"{VMS}/web")
    assert got.json() == made.json()
    assert got.headers["content-type"] == "application/json"
    again = await client.post(VMS, json=vm())
    assert (again.status_code, again.json()["reason"]) == (409, "AlreadyExists")


async def test_list(client, stored) -> None:
    await client.post(VMS, json=vm("another"))
    listed = (await client.get(VMS)).json()
    assert (listed["kind"], listed["apiVersion"]) == ("VirtualMachineList", "kubevirt.io/v1")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["another", "web"]
    page = (await client.get(VMS, params={"limit": 1})).json()
    assert page["metadata"]["remainingItemCount"] == 1
    rest = await client.get(VMS, params={"continue": page["metadata"]["continue"]})
    assert len(rest.json()["items"]) == 1
    every = await client.get(
        "/apis/kubevirt.io/v1/virtualmachines?fieldSelector=metadata.name%3Dweb"
    )
    assert len(every.json()["items"]) == 1


async def test_tables(client, stored) -> None:
    table = (await client.get(VMS, headers={"accept": TABLE})).json()
    assert table["kind"] == "Table"
    assert table["rows"][0]["cells"][0] == "web"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    one = await client.get(f"{VMS}/web?includeObject=Object", headers={"accept": TABLE})
    assert one.json()["rows"][0]["object"]["spec"] == {"runStrategy": "Halted"}
    bad = await client.get(f"{VMS}?includeObject=All", headers={"accept": TABLE})
    assert bad.status_code == 400


async def test_metadata_only(client, stored) -> None:
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    listed = (await client.get(VMS, headers={"accept": accept})).json()
    assert listed["kind"] == "PartialObjectMetadataList"
    assert "spec" not in listed["items"][0]
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    one = (await client.get(f"{VMS}/web", headers={"accept": accept})).json()
    assert (one["kind"], "spec" in one) == ("PartialObjectMetadata", False)


async def test_older_version(client, stored) -> None:
    old = VMS.replace("/v1/", "/v1alpha3/")
    got = await client.get(f"{old}/web")
    assert got.json()["apiVersion"] == "kubevirt.io/v1alpha3"
    assert "is now deprecated" in got.headers["warning"]
    listed = (await client.get(old)).json()
    assert listed["apiVersion"] == listed["items"][0]["apiVersion"] == "kubevirt.io/v1alpha3"
    body = {**vm("old"), "apiVersion": "kubevirt.io/v1alpha3"}
    assert (await client.post(old, json=body)).status_code == 201
    assert (await client.get(f"{VMS}/old")).json()["apiVersion"] == "kubevirt.io/v1"


async def test_update_and_patch(client, stored) -> None:
    stored["spec"]["runStrategy"] = "Always"
    put = await client.put(f"{VMS}/web", json=stored)
    assert put.json()["metadata"]["generation"] == 2
    merge = {"content-type": "application/merge-patch+json"}
    body = {"status": {"ready": True}}
    status = await client.patch(f"{VMS}/web/status", json=body, headers=merge)
    assert status.json()["status"] == {"ready": True}
    odd = await client.patch(f"{VMS}/web", json={}, headers={"content-type": "text/plain"})
    assert odd.status_code == 415


async def test_server_side_apply(client) -> None:
    headers = {"content-type": "application/apply-patch+yaml"}
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
    url = f"{MAPS}/c?fieldManager=me"
    codes = [(await client.patch(url, content=body, headers=headers)).status_code for _ in range(2)]
    assert codes == [201, 200]
    other = await client.patch(
        f"{MAPS}/c?fieldManager=you", content=body.replace("b}", "c}"), headers=headers
    )
    assert other.status_code == 409
    assert other.json()["details"]["causes"][0]["reason"] == "FieldManagerConflict"


async def test_yaml_in_and_out(client) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: 'yes'}\n"
    headers = {"content-type": "application/yaml", "accept": "application/yaml"}
    made = await client.post(MAPS, content=text, headers=headers)
    assert made.status_code == 201
    assert "name: y\n" in made.text


async def test_dry_run_and_strictness(client) -> None:
    assert (await client.post(f"{VMS}?dryRun=All", json=vm())).status_code == 201
    assert (await client.get(f"{VMS}/web")).status_code == 404
    strict = await client.post(f"{VMS}?fieldValidation=Strict", json=vm(bogus=1))
    assert strict.status_code == 400
    warned = await client.post(VMS, json=vm(bogus=1))
    assert warned.headers["warning"] == '299 - "unknown field \\"spec.bogus\\""'


async def test_delete(client, stored) -> None:
    dry = await client.request("DELETE", f"{VMS}/web", json={"dryRun": ["All"]})
    assert dry.status_code == 200
    gone = await client.delete(f"{VMS}/web")
    assert gone.json()["status"] == "Success"
    assert gone.json()["details"]["uid"] == stored["metadata"]["uid"]
    body = vm("held")
    body["metadata"]["finalizers"] = ["a.b/c"]
    await client.post(VMS, json=body)
    held = await client.delete(f"{VMS}/held")
    assert held.json()["metadata"]["deletionTimestamp"]
    await client.post(VMS, json=vm())
    every = await client.delete(f"{VMS}?labelSelector=!x")
    assert len(every.json()["items"]) == 2


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/apis/kubevirt.io/v1/nothings", 404),
        ("GET", f"{VMS}/web/scale", 404),
        ("GET", "/api/v1/namespaces/default/configmaps/a/status", 404),
        ("POST", "/apis/kubevirt.io/v1/virtualmachines", 404),
        ("GET", "/api/v1/namespaces/default/nodes", 404),
        ("PUT", VMS, 400),
        ("PATCH", VMS, 400),
        ("OPTIONS", VMS, 405),
        ("OPTIONS", f"{VMS}/web", 405),
    ],
)
async def test_refused(client, method, path, code) -> None:
    assert (await client.request(method, path)).status_code == code


async def test_not_acceptable_stores_nothing(client) -> None:
    answer = await client.post(VMS, json=vm(), headers={"accept": "text/html"})
    assert answer.status_code == 406
    assert (await client.get(f"{VMS}/web")).status_code == 404


async def test_pods_answer_with_the_pod(client) -> None:
    pods = "/api/v1/namespaces/default/pods"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}}
    await client.post(pods, content=msgspec.json.encode(pod))
    assert (await client.delete(f"{pods}/p")).json()["kind"] == "Pod"


async def test_disks_of_other_namespaces_are_not_copied_by_everybody(server, client) -> None:
    rules = [{"verbs": ["create"], "apiGroups": ["cdi.kubevirt.io"], "resources": ["datavolumes"]}]
    server.service.create(ROLE, "default", {"metadata": {"name": "r"}, "rules": rules})
    binding = {
        "metadata": {"name": "r"},
        "subjects": [{"kind": "User", "name": "joe", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
    }
    server.service.create(ROLE_BINDING, "default", binding)
    for namespace, code in (("default", 201), ("other", 403)):
        volume = {
            "apiVersion": "cdi.kubevirt.io/v1beta1",
            "kind": "DataVolume",
            "metadata": {"name": f"from-{namespace}"},
            "spec": {"source": {"pvc": {"name": "golden", "namespace": namespace}}},
        }
        url = "/apis/cdi.kubevirt.io/v1beta1/namespaces/default/datavolumes"
        answer = await client.post(url, json=volume, headers={"impersonate-user": "joe"})
        assert answer.status_code == code, answer.text


async def test_nothing_is_removed_from_all_namespaces_at_once(client, stored) -> None:
    assert (await client.delete("/apis/kubevirt.io/v1/virtualmachines")).status_code == 404
    assert (await client.delete("/api/v1/configmaps")).status_code == 405
    assert (await client.get(f"{VMS}/web")).status_code == 200


async def test_revisions_that_are_none_or_yet_to_come(client, stored) -> None:
    later = await client.get(f"{VMS}?resourceVersion=999999")
    assert (later.status_code, later.json()["reason"]) == (504, "Timeout")
    (cause,) = later.json()["details"]["causes"]
    assert cause["reason"] == "ResourceVersionTooLarge"
    body = vm()
    body["metadata"]["resourceVersion"] = "new"
    refused = await client.put(f"{VMS}/web", json=body)
    assert (refused.status_code, "reason" in refused.json()) == (500, False)


async def test_a_replacement_says_which_object_it_means(client, stored) -> None:
    body = vm()
    body["metadata"]["uid"] = "another"
    assert (await client.put(f"{VMS}/web", json=body)).status_code == 409


MERGE = {"content-type": "application/merge-patch+json"}


def config(name="a", **metadata):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"k": "v"},
    }


async def test_the_body_of_a_put_names_the_object(client) -> None:
    await client.post(MAPS, json=config())
    for body, words in (
        ({**config(), "metadata": {}}, "name must be provided"),
        (config("b"), "does not match the name on the URL"),
        (config(namespace="other"), "does not match the namespace sent"),
    ):
        for name in ("a", "none"):
            refused = await client.put(f"{MAPS}/{name}", json=body)
            assert refused.status_code == 400
            assert words in refused.json()["message"] or name == "none"


async def test_a_few_kinds_are_made_by_a_put(client) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 1}]},
    }
    path = "/api/v1/namespaces/default/services/s"
    assert [(await client.put(path, json=service)).status_code for _ in range(2)] == [201, 200]
    assert (await client.put(f"{MAPS}/a", json=config())).status_code == 404


async def test_what_is_looked_at_first_in_a_patch(client, stored) -> None:
    missing = await client.patch(f"{VMS}/none", content=b"{", headers=MERGE)
    assert missing.status_code == 404
    strategic = {"content-type": "application/strategic-merge-patch+json"}
    refused = await client.patch(f"{VMS}/none", json={}, headers=strategic)
    assert refused.status_code == 415
    assert "strategic" not in refused.json()["message"]
    refused = await client.patch(f"{VMS}/none?dryRun=", json={}, headers=MERGE)
    assert refused.json()["details"]["causes"][0]["field"] == "dryRun"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"metadata": {"labels": {"a": 1}}}, 422, "patch"),
        ({"metadata": {"creationTimestamp": "soon"}}, 422, "patch"),
        ({"kind": None}, 422, "patch"),
        ({"kind": "Other"}, 422, "kind"),
        ({"metadata": {"resourceVersion": None}}, 422, "metadata.resourceVersion"),
        ({"metadata": {"resourceVersion": "0"}}, 422, "metadata.resourceVersion"),
        ({"metadata": {"name": None}}, 400, None),
        ({"metadata": {"resourceVersion": "x"}}, 500, None),
    ],
)
async def test_patches_that_leave_no_object(client, stored, body, code, field) -> None:
    refused = await client.patch(f"{VMS}/web", json=body, headers=MERGE)
    assert refused.status_code == code
    causes = refused.json().get("details", {}).get("causes", [{}])
    assert causes[0].get("field") == field


async def test_answers_to_deletions(client) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await client.post(accounts, json={"metadata": {"name": "a"}})
    assert (await client.delete(f"{accounts}/a")).json()["kind"] == "ServiceAccount"
    await client.post(MAPS, json=config())
    assert (await client.delete(f"{MAPS}/a?dryRun=All")).json()["kind"] == "Status"


async def test_jobs_keep_their_pods_unless_told_otherwise(client) -> None:
    path = "/apis/batch/v1/namespaces/default/jobs"
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
    for name in ("a", "b"):
        job = {"metadata": {"name": name}, "spec": {"template": {"spec": pod}}}
        assert (await client.post(path, json=job)).status_code == 201
    kept = await client.delete(f"{path}/a")
    assert kept.json()["metadata"]["finalizers"] == ["orphan"]
    assert "child pods are preserved" in kept.headers["warning"]
    gone = await client.delete(f"{path}/b?propagationPolicy=Background")
    assert gone.json()["kind"] == "Status"
    assert "warning" not in gone.headers


async def test_what_kubernetes_own_kinds_do_not_serve(client) -> None:
    await client.post(MAPS, json=config())
    assert (await client.post(f"{MAPS}/a", json=config())).status_code == 405
    status = await client.get(f"{MAPS}/a/status")
    assert (status.status_code, status.json()["reason"]) == (404, "NotFound")


async def test_methods_of_kubernetes_own_kinds(client) -> None:
    await client.post(MAPS, json=config())
    assert (await client.head(f"{MAPS}/a")).status_code == 405
    assert (await client.put(MAPS, json={})).status_code == 405
    assert (await client.put(VMS, json={})).status_code == 400
    finalize = "/api/v1/namespaces/default/finalize"
    assert (await client.get(finalize)).status_code == 405


async def test_refusals_are_shown_as_wanted(client) -> None:
    refused = await client.get(f"{MAPS}/none", headers={"accept": "application/yaml"})
    assert refused.headers["content-type"].startswith("application/yaml")
    assert refused.text.startswith("apiVersion: v1\ncode: 404\n")
    refused = await client.get(f"{MAPS}/none", headers={"accept": "text/html"})
    assert refused.status_code == 406
    query = {"watch": "true"}
    refused = await client.get(MAPS, params=query, headers={"accept": "application/yaml"})
    assert refused.status_code == 406


async def test_applied_status_has_an_owner(client, stored) -> None:
    headers = {"content-type": "application/apply-patch+yaml"}
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "web"}}
    first = {**body, "status": {"runStrategy": "Always"}}
    path = f"{VMS}/web/status"
    assert (await client.patch(f"{path}?fieldManager=a", json=first, headers=headers)).is_success
    other = {**body, "status": {"runStrategy": "Halted"}}
    refused = await client.patch(f"{path}?fieldManager=b", json=other, headers=headers)
    (cause,) = refused.json()["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".status.runStrategy")
