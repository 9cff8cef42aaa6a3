"""What admission knows of the configuration."""

import pytest

from virtctl.local.api.context import AdmissionContext, NoAddresses


def context(**configuration):
    return AdmissionContext(configuration=configuration)


def test_gates_are_off_unless_named():
    assert not context().has_gate("HostDisk")
    assert context(developerConfiguration={"featureGates": ["HostDisk"]}).has_gate("HostDisk")


def test_some_gates_are_on_unless_disabled():
    assert context().has_gate("RebootPolicy")
    off = context(developerConfiguration={"disabledFeatureGates": ["RebootPolicy"]})
    assert not off.has_gate("RebootPolicy")


@pytest.mark.parametrize(
    ("architecture", "machine"),
    [("amd64", "q35"), ("arm64", "virt"), ("s390x", "s390-ccw-virtio")],
)
def test_machine_types(architecture, machine):
    assert context().machine_type(architecture) == machine
    set_ = context(architectureConfiguration={architecture: {"machineType": "own"}})
    assert set_.machine_type(architecture) == "own"


def test_defaults_come_from_the_configuration():
    assert context().default_binding == "bridge"
    network = {"defaultNetworkInterface": "masquerade"}
    assert context(network=network).default_binding == "masquerade"
    assert context().default_architecture == "amd64"
    arm = context(architectureConfiguration={"defaultArchitecture": "arm64"})
    assert arm.default_architecture == "arm64"


def test_a_bare_context_knows_nothing_and_is_a_create():
    bare = AdmissionContext()
    assert bare.is_create
    assert bare.is_live_update
    assert bare.new_uuid() == ""
    assert NoAddresses().assign("a") == ""
    NoAddresses().claim("02:00:00:00:00:01", "a")
