"""Our own kinds as definitions."""

import pytest

from tests.fakes import crds
from virtctl.local.api.customs.admitting import default_definition, definition_causes
from virtctl.local.api.customs.definition import read_definition
from virtctl.local.api.customs.describing import describe, own_definitions
from virtctl.local.api.customs.schemas import root_causes
from virtctl.models import kinds


@pytest.mark.parametrize("kind", own_definitions(), ids=lambda kind: kind.name)
def test_a_description_reads_as_the_kind(kind):
    document = describe(kind)
    found = read_definition(document)
    assert found.kind == kind
    assert list(root_causes(found.schema, "S")) == []
    default_definition(document, None, "2026-01-01T00:00:00Z")
    problems = [
        cause for cause in definition_causes(document, None) if "api-approved" not in cause.field
    ]
    assert problems == []


def test_only_custom_resources_are_described():
    assert kinds.VIRTUAL_MACHINE in own_definitions()
    assert kinds.POD not in own_definitions()


def test_labels():
    assert describe(kinds.VIRTUAL_MACHINE)["metadata"]["labels"] == {"kubevirt.io": ""}
    assert describe(kinds.KUBEVIRT)["metadata"]["labels"] == {"operator.kubevirt.io": ""}
    assert describe(kinds.DATA_VOLUME)["metadata"]["labels"] == {}


def test_rules_defaults_and_lists():
    (version,) = describe(kinds.BACKUP)["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["x-kubernetes-validations"][0]["rule"] == "self == oldSelf"
    assert spec["properties"]["mode"]["enum"] == ["Push", "Pull"]
    restore = describe(kinds.RESTORE)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    policy = restore["properties"]["spec"]["properties"]["targetReadinessPolicy"]
    assert policy["default"] == "WaitGracePeriod"


@pytest.mark.parametrize("kind", own_definitions(), ids=lambda kind: kind.name)
def test_deprecations_are_those_of_the_real_definitions(kind):
    if kind.resource not in crds.crds():
        pytest.skip("not among the definitions at hand")
    real = {version["name"]: version for version in crds.crds()[kind.resource]["versions"]}
    for version in describe(kind)["spec"]["versions"]:
        known = real[version["name"]]
        assert version.get("deprecated") == known.get("deprecated"), version["name"]
        warning = known.get("deprecationWarning")
        assert warning in {None, version.get("deprecationWarning")}
        assert version.get("subresources", {}).get("scale") == (
            known.get("subresources") or {}
        ).get("scale")
