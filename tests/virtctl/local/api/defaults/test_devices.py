"""Defaults of disks, volumes and interfaces."""

import pytest

from tests.fakes.rules import domain, spec, with_devices
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults import devices


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("tiny", "Always"),
        ("tiny:latest", "Always"),
        ("tiny:v1", "IfNotPresent"),
        ("host:5000/tiny", "IfNotPresent"),
        ("host:5000/tiny:latest", "Always"),
        ("tiny:latest@sha256:0", "IfNotPresent"),
        ("host:5000/tiny:v1", "IfNotPresent"),
        ("tiny@sha256:aa", "IfNotPresent"),
    ],
)
def test_pull_policies(image, policy):
    document = spec(volumes=[{"name": "a", "containerDisk": {"image": image}}])
    devices.default_pull_policies(document)
    assert document["volumes"][0]["containerDisk"]["imagePullPolicy"] == policy


def test_a_nic_unless_there_is_one_or_none_is_wanted():
    document = spec()
    devices.default_network(document, AdmissionContext())
    assert document["networks"] == [{"name": "default", "pod": {}}]
    assert document["domain"]["devices"]["interfaces"] == [{"name": "default", "bridge": {}}]
    for other in (with_devices(autoattachPodInterface=False), spec(networks=[{"name": "x"}])):
        devices.default_network(other, AdmissionContext())
        assert "interfaces" not in other["domain"]["devices"]


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        ({"defaultNetworkInterface": "slirp"}, "slirp interface is deprecated as of v1.3"),
        (
            {"permitBridgeInterfaceOnPodNetwork": False},
            "bridge interface is not enabled in kubevirt-config",
        ),
    ],
)
def test_a_binding_that_cannot_be_the_default(network, problem):
    with pytest.raises(devices.Undefaultable, match=problem):
        devices.default_network(spec(), AdmissionContext(configuration={"network": network}))


@pytest.mark.parametrize(
    ("architecture", "watchdog"),
    [
        ("amd64", {"name": "w", "diag288": {}, "i6300esb": {"action": "reset"}}),
        ("s390x", {"name": "w", "diag288": {"action": "reset"}}),
        ("arm64", {"name": "w", "diag288": {}}),
    ],
)
def test_each_architecture_has_its_watchdog(architecture, watchdog):
    document = with_devices(watchdog={"name": "w", "diag288": {}})
    document["architecture"] = architecture
    devices.default_disks(document)
    assert document["domain"]["devices"]["watchdog"] == watchdog


def test_what_is_given_of_disks_and_gpus_is_on():
    document = with_devices(
        disks=[{"name": "a", "blockSize": {"matchVolume": {}}}],
        gpus=[{"name": "g", "virtualGPUOptions": {"display": {"ramFB": {}}}}],
    )
    devices.default_disks(document)
    made = document["domain"]["devices"]
    assert made["disks"][0]["blockSize"]["matchVolume"] == {"enabled": True}
    assert made["gpus"][0]["virtualGPUOptions"]["display"] == {"ramFB": {"enabled": True}}


def test_every_volume_gets_a_disk():
    document = with_devices(
        disks=[{"name": "a", "disk": {"bus": "virtio"}}],
        filesystems=[{"name": "c", "virtiofs": {}}],
        volumes=[{"name": name} for name in "abc"] + [{"name": "d", "memoryDump": {}}],
    )
    document["architecture"] = "amd64"
    untouched = devices.with_missing_disks(document)
    assert [disk["name"] for disk in untouched["domain"]["devices"]["disks"]] == ["a", "b"]
    assert len(document["domain"]["devices"]["disks"]) == 1
    devices.default_disks(document)
    assert document["domain"]["devices"]["disks"][1] == {"name": "b", "disk": {"bus": "sata"}}


@pytest.mark.parametrize(
    ("architecture", "disk", "cdrom"),
    [("amd64", "sata", "sata"), ("arm64", "virtio", "virtio"), ("s390x", "virtio", "virtio")],
)
def test_buses(architecture, disk, cdrom):
    document = spec(
        architecture=architecture,
        domain=domain(devices={"disks": [{"name": "a"}, {"name": "b", "cdrom": {}}]}),
    )
    devices.default_disks(document)
    first, second = document["domain"]["devices"]["disks"]
    assert first["disk"] == {"bus": disk}
    assert second["cdrom"] == {"bus": cdrom, "tray": "closed", "readonly": True}


def test_small_devices():
    document = with_devices(inputs=[{"name": "t"}], watchdog={"name": "w"})
    devices.default_disks(document)
    found = document["domain"]["devices"]
    assert found["inputs"] == [{"name": "t", "bus": "usb", "type": "tablet"}]
    assert found["watchdog"]["i6300esb"] == {"action": "reset"}
