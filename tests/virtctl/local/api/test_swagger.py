import msgspec

from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.swagger import build_swagger


def test_schemas_are_converted() -> None:
    schema = {
        "type": "object",
        "properties": {
            "nullable": {"type": "string", "nullable": True, "description": "Maybe."},
            "open": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"a": {}},
            },
            "spec": {"allOf": [{"$ref": "#/components/schemas/B"}], "description": "It."},
            "size": {"anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "x"},
            "many": {"type": "array", "items": {"$ref": "#/components/schemas/B"}},
        },
    }
    built = build_swagger([{"components": {"schemas": {"A": schema}}}])
    assert built["definitions"]["A"]["properties"] == {
        "nullable": {"description": "Maybe."},
        "spec": {"$ref": "#/definitions/B", "description": "It."},
        "size": {"pattern": "x"},
        "many": {"type": "array", "items": {"$ref": "#/definitions/B"}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }


def test_everything_served_is_in_it() -> None:
    built = msgspec.json.decode(ModelOpenApi().swagger())
    names = {"io.k8s.api.core.v1.ConfigMap", "io.kubevirt.v1.VirtualMachine"}
    assert names <= built["definitions"].keys()
    assert "#/components" not in msgspec.json.encode(built).decode()
    start = "/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{name}/start"
    assert built["paths"][start]["put"]["responses"]["200"]["description"] == "OK"
    patch = built["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"]
    body, *others = patch["parameters"]
    assert body["schema"] == {"$ref": "#/definitions/io.k8s.api.core.v1.ConfigMap"}
    assert {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True} in others


def test_what_may_be_null_has_no_type() -> None:
    machine = msgspec.json.decode(ModelOpenApi().swagger())["definitions"][
        "io.kubevirt.v1.VirtualMachine"
    ]
    templates = machine["properties"]["spec"]["properties"]["dataVolumeTemplates"]
    assert templates["type"] == "array"
    assert "type" not in templates["items"]


def test_the_same_is_there_as_protobuf() -> None:
    documents = ModelOpenApi()
    assert documents.swagger_proto().startswith(b"\n\x032.0")
    assert b"io.kubevirt.v1.VirtualMachine" in documents.swagger_proto()
