"""The ``KubeVirt`` object."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.kubevirt import KubeVirt


def test_reads_the_configuration():
    kubevirt = read(
        KubeVirt,
        {
            "metadata": {"name": "kubevirt"},
            "spec": {
                "configuration": {
                    "developerConfiguration": {"featureGates": ["HostDisk"]},
                    "network": {"defaultNetworkInterface": "masquerade"},
                }
            },
        },
    )
    configuration = kubevirt.spec.configuration
    assert configuration.developer_configuration.feature_gates == ("HostDisk",)
    assert configuration.network.default_network_interface == "masquerade"


def test_fields_are_those_of_the_real_definition():
    assert crds.differences(KubeVirt, crds.real(crds.KUBEVIRT)) == []
