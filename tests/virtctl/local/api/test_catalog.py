import pytest

from virtctl.local.api import catalog
from virtctl.models.kinds import (
    CONFIG_MAP,
    ENDPOINTS,
    EVENT,
    EXPORT,
    KINDS,
    NAMESPACE,
    POD,
    PRESET,
    SECRET,
    STORAGE_CLASS,
    TEMPLATE,
    VIRTUAL_MACHINE,
)


@pytest.mark.parametrize(
    ("kind", "builtin"), [(POD, True), (STORAGE_CLASS, True), (VIRTUAL_MACHINE, False)]
)
def test_builtin(kind, builtin) -> None:
    assert catalog.is_builtin(kind) is builtin


def test_selectable_fields() -> None:
    assert "spec.nodeName" in catalog.strategy_of(POD).fields
    assert "involvedObject.uid" in catalog.strategy_of(EVENT).fields
    fields = catalog.strategy_of(VIRTUAL_MACHINE).fields
    assert fields == ("metadata.name", "metadata.namespace")


def test_initial_values() -> None:
    namespace = {"metadata": {"name": "a"}}
    catalog.strategy_of(NAMESPACE).initial(namespace)
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}
    assert namespace["spec"] == {"finalizers": ["kubernetes"]}
    secret = {"type": "kubernetes.io/tls", "data": {"a": "eA=="}, "stringData": {"b": "y"}}
    catalog.strategy_of(SECRET).normalize(secret)
    assert secret == {"type": "kubernetes.io/tls", "data": {"a": "eA==", "b": "eQ=="}}


@pytest.mark.parametrize(("kind", "counts"), [(VIRTUAL_MACHINE, True), (CONFIG_MAP, False)])
def test_generation(kind, counts) -> None:
    assert catalog.counts_generation(kind) is counts


def test_versions() -> None:
    served = catalog.served_versions(KINDS)
    versions = [version for group, version in served if group == "kubevirt.io"]
    assert versions == ["v1", "v1alpha3"]
    versions = [version for group, version in served if group == "export.kubevirt.io"]
    assert versions == ["v1", "v1beta1"]
    assert EXPORT in served["export.kubevirt.io", "v1"]
    assert [kind.version for kind in served["export.kubevirt.io", "v1beta1"]] == ["v1beta1"]


def test_versions_by_rank() -> None:
    versions = ["v1alpha1", "v2", "v1", "v10beta2", "foo", "v2alpha2", "v10", "v1beta1"]
    ranked = sorted(versions, key=catalog.version_rank)
    assert ranked == ["foo", "v1alpha1", "v2alpha2", "v1beta1", "v10beta2", "v1", "v2", "v10"]


@pytest.mark.parametrize(
    ("kind", "version", "what"),
    [
        (VIRTUAL_MACHINE, "v1", ""),
        (VIRTUAL_MACHINE, "v1alpha3", "kubevirt.io/v1alpha3 is now deprecated"),
        (PRESET, "v1", "kubevirt.io/v1 VirtualMachineInstancePresets is now deprecated"),
        (EXPORT, "v1beta1", "export.kubevirt.io/v1beta1 VirtualMachineExport is now deprecated"),
        (EXPORT, "v1", ""),
        (ENDPOINTS, "v1", "use discovery.k8s.io/v1 EndpointSlice"),
        (TEMPLATE, "v1alpha1", "VirtualMachineTemplate is deprecated"),
    ],
)
def test_deprecated_versions(kind, version, what) -> None:
    found = catalog.deprecation(kind, version)
    assert what in found if what else not found
