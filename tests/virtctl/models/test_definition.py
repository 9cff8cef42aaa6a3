"""Definitions of kinds."""

from virtctl.models.base import read
from virtctl.models.definition import APIService, CustomResourceDefinition


def test_reads_a_definition():
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [column],
        "schema": {"openAPIV3Schema": {"type": "object"}},
        "subresources": {"status": {}},
    }
    names = {"kind": "Widget", "plural": "widgets"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    found = read(CustomResourceDefinition, {"spec": spec}).spec.versions[0]
    assert found.schema.open_apiv3_schema == {"type": "object"}
    assert found.additional_printer_columns[0].json_path == ".spec.size"
    assert found.subresources.status == {}


def test_reads_a_service():
    spec = {"groupPriorityMinimum": 1000, "versionPriority": 15, "insecureSkipTLSVerify": True}
    assert read(APIService, {"spec": spec}).spec.insecure_skip_tls_verify
