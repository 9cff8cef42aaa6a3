"""The table of kinds."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_found_by_all_its_names(kind):
    assert kinds.by_plural(kind.group, kind.version, kind.plural) is kind
    assert kinds.by_name(kind.api_version, kind.name) is kind
    for word in (kind.plural, kind.singular, kind.resource, *kind.short):
        assert kinds.by_word(word.upper()) is kind


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_found_in_all_its_versions(kind):
    for version in kind.versions:
        assert kinds.by_plural(kind.group, version, kind.plural) is kind
        called = kinds.by_name(kind.served_as(version).api_version, kind.name)
        assert (called.name, called.version) == (kind.name, version)


def test_names_are_spelled_as_messages_spell_them():
    assert kinds.VIRTUAL_MACHINE.resource == "virtualmachines.kubevirt.io"
    assert kinds.VIRTUAL_MACHINE.api_version == "kubevirt.io/v1"
    assert kinds.POD.resource == "pods"
    assert kinds.POD.api_version == "v1"


def test_unknown_names_are_no_kind():
    assert kinds.by_plural("", "v1", "widgets") is None
    assert kinds.by_name("v1", "Widget") is None
    assert kinds.by_word("widget") is None


def test_names_and_versions_are_those_of_the_real_definitions():
    by_resource = {kind.resource: kind for kind in kinds.KINDS}
    for name, real in crds.crds().items():
        kind, names = by_resource[name], real["names"]
        assert (kind.group, kind.name, kind.plural) == (
            real["group"],
            names["kind"],
            names["plural"],
        )
        assert (list(kind.short), list(kind.categories)) == (
            names.get("shortNames", []),
            names.get("categories", []),
        )
        assert kind.namespaced == (real["scope"] == "Namespaced")
        served = [version for version in real["versions"] if version["served"]]
        assert set(kind.versions) == {version["name"] for version in served}
        assert set(kind.subresources) == set(served[0].get("subresources") or {})


def test_a_singular_has_the_hyphens_of_its_plural():
    assert kinds.ATTACHMENT_DEFINITION.singular == "network-attachment-definition"
    assert kinds.MULTI_NETWORK_POLICY.singular == "multi-networkpolicy"
    assert kinds.NETWORK_POLICY.singular == "networkpolicy"
