"""Rules of the small devices."""

import pytest

from tests.fakes.rules import fields, gates, said, with_devices
from virtctl.local.api.rules import devices

PATH = "spec.domain.devices"
SCREEN = {"virtualGPUOptions": {"display": {}}}
RAM_FB = {"virtualGPUOptions": {"display": {"ramFB": {"enabled": True}}}}


def causes(*gate, volumes=(), **parts):
    document = with_devices(volumes=volumes, **parts)
    return all_causes(document, gates(*gate))


def all_causes(document, context):
    found = (
        devices.input_causes(document, "spec"),
        devices.host_device_causes(document, "spec", context),
        devices.sound_causes(document, "spec"),
        devices.vsock_causes(document, "spec", context),
        devices.late_device_causes(document, "spec", context),
    )
    return [each for group in found for each in said(group)]


def test_good_devices():
    assert causes(inputs=[{"bus": "usb", "type": "tablet"}], sound={"name": "s"}, tpm={}) == []


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"inputs": [{"bus": "ps2", "type": "tablet"}]}, f"{PATH}.inputs[0].bus", "virtio or usb"),
        ({"inputs": [{"type": "mouse"}]}, f"{PATH}.inputs[0].type", "tablet"),
        ({"gpus": [RAM_FB, RAM_FB]}, "spec.GPUs", "multiple displays"),
        ({"hostDevices": [{"name": "a"}]}, "spec.HostDevices", "Host Devices feature gate"),
        ({"sound": {}}, "spec.Sound", "requires a name"),
        ({"sound": {"name": "s", "model": "x"}}, "spec.Sound", "not supported"),
        ({"panicDevices": [{"model": "x"}]}, f"{PATH}.panicDevices[0].model", "(x)"),
        ({"downwardMetrics": {}}, f"{PATH}.downwardMetrics", "DownwardMetrics"),
        ({"autoattachVSOCK": True}, f"{PATH}.autoattachVSOCK", "VSOCK"),
        ({"panicDevices": [{"model": ""}]}, f"{PATH}.panicDevices[0].model", "()"),
        (
            {"video": {"type": "vga"}, "autoattachGraphicsDevice": False},
            "spec.video",
            "not allowed when autoattachGraphicsDevice",
        ),
        ({"gpus": [SCREEN, SCREEN]}, "spec.GPUs", "multiple displays"),
    ],
)
def test_bad_devices(parts, field, message):
    ((where, text),) = causes(**parts)
    assert where == field
    assert message in text


def test_claims_are_shared_behind_a_gate_only():
    claim = {"name": "f", "persistentVolumeClaim": {"claimName": "c"}}
    shared = {"volumes": [claim], "filesystems": [{"name": "f", "virtiofs": {}}]}
    assert causes(**shared)[0][0] == f"{PATH}.filesystems"
    assert causes("EnableVirtioFsStorageVolumes", **shared) == []


@pytest.mark.parametrize(
    ("architecture", "parts", "field"),
    [
        ("amd64", {"watchdog": {"diag288": {}}}, f"{PATH}.watchdog"),
        ("s390x", {"watchdog": {"i6300esb": {}}}, f"{PATH}.watchdog"),
        ("amd64", {"video": {"type": "hologram"}}, f"{PATH}.video.type"),
        ("amd64", {"video": {"type": "none"}}, f"{PATH}.video.type"),
    ],
)
def test_what_an_architecture_has_not(architecture, parts, field):
    document = {**with_devices(**parts), "architecture": architecture}
    assert fields(devices.architecture_device_causes(document, "spec")) == [field]


def test_s390x_has_no_panic_devices():
    document = {**with_devices(panicDevices=[{}]), "architecture": "s390x"}
    assert [field for field, _ in all_causes(document, gates())] == [f"{PATH}.panicDevices"]
