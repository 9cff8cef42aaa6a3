"""What kubectl insists on in the OpenAPI documents."""

import json

import pytest

from virtctl.local.api.openapi import ModelOpenApi, component_name
from virtctl.models import kinds


@pytest.fixture(scope="module")
def openapi():
    return ModelOpenApi()


@pytest.fixture(scope="module")
def machines(openapi):
    return json.loads(openapi.document("apis/kubevirt.io/v1"))


@pytest.fixture(scope="module")
def core(openapi):
    return json.loads(openapi.document("api/v1"))


def schemas(document):
    return document["components"]["schemas"]


def test_index_names_every_group_version_with_a_hash(openapi):
    paths = json.loads(openapi.index())["paths"]
    assert {"api/v1", "apis/kubevirt.io/v1", "apis/kubevirt.io/v1alpha3"} <= paths.keys()
    for path, entry in paths.items():
        assert entry["serverRelativeURL"].startswith(f"/openapi/v3/{path}?hash=")


def test_there_is_no_document_of_an_unknown_group(openapi):
    assert openapi.document("apis/nowhere/v1") is None


def test_patch_takes_field_validation_and_names_the_kind(machines):
    path = "/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{name}"
    patch = machines["paths"][path]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"] == {
        "group": "kubevirt.io",
        "version": "v1",
        "kind": "VirtualMachine",
    }


def test_schemas_name_their_kind_and_have_real_metadata(machines):
    found = schemas(machines)[component_name(kinds.VIRTUAL_MACHINE)]
    assert found["x-kubernetes-group-version-kind"][0]["kind"] == "VirtualMachine"
    (reference,) = found["properties"]["metadata"]["allOf"]
    name = reference["$ref"].rpartition("/")[2]
    assert "ownerReferences" in schemas(machines)[name]["properties"]


def test_custom_resources_are_written_out_in_full(machines):
    spec = schemas(machines)[component_name(kinds.VIRTUAL_MACHINE)]["properties"]["spec"]
    template = spec["properties"]["template"]["properties"]["spec"]["properties"]
    disks = template["domain"]["properties"]["devices"]["properties"]["disks"]
    assert disks["x-kubernetes-list-type"] == "atomic"
    assert disks["items"]["properties"]["name"]["type"] == "string"
    assert template["domain"]["required"] == ["devices"]


def test_core_kinds_refer_to_components_and_have_merge_keys(core):
    containers = schemas(core)["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    reference = containers["items"]["allOf"][0]["$ref"]
    assert reference == "#/components/schemas/io.k8s.api.core.v1.Container"


def test_every_reference_leads_somewhere(core):
    names = schemas(core).keys()
    for found in json.dumps(core).split('"$ref": "#/components/schemas/')[1:]:
        assert found.partition('"')[0] in names


def test_fields_are_described(core):
    meta = schemas(core)["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"]
    assert meta["finalizers"]["description"] == "Who must finish before the object goes."


def test_swagger_is_a_document(openapi):
    assert json.loads(openapi.swagger())["swagger"] == "2.0"
