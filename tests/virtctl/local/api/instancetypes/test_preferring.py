"""What preferences fill in."""

import pytest

from virtctl.local.api.instancetypes import preferring


def applied(preference, annotations=None, **spec):
    holder = {"metadata": {"annotations": annotations or {}}, "spec": spec}
    preferring.apply(preference, holder)
    return holder


def domain_of(preference, **domain):
    return applied(preference, domain=domain)["spec"]["domain"]


def device_preference(**preferred):
    return {"devices": preferred}


@pytest.mark.parametrize(
    ("preferred", "disk", "wanted"),
    [
        ({"preferredDiskBus": "sata"}, {"disk": {}}, {"disk": {"bus": "sata"}}),
        ({"preferredDiskBus": "sata"}, {"disk": {"bus": "scsi"}}, {"disk": {"bus": "scsi"}}),
        ({"preferredCdromBus": "sata"}, {"cdrom": {}}, {"cdrom": {"bus": "sata"}}),
        ({"preferredLunBus": "scsi"}, {"lun": {}}, {"lun": {"bus": "scsi"}}),
        ({"preferredDiskCache": "none"}, {"cdrom": {}}, {"cdrom": {}}),
        (
            {"preferredDiskCache": "none", "preferredDiskIO": "native"},
            {"disk": {"bus": "virtio"}},
            {"disk": {"bus": "virtio"}, "cache": "none", "io": "native"},
        ),
        (
            {"preferredDiskDedicatedIoThread": True, "preferredDiskBus": "virtio"},
            {"disk": {}},
            {"disk": {"bus": "virtio"}, "dedicatedIOThread": True},
        ),
        (
            {"preferredDiskDedicatedIoThread": True},
            {"disk": {"bus": "sata"}},
            {"disk": {"bus": "sata"}},
        ),
    ],
)
def test_disks(preferred, disk, wanted):
    found = domain_of(device_preference(**preferred), devices={"disks": [disk]})
    assert found["devices"]["disks"] == [wanted]


def test_interfaces():
    preferred = device_preference(preferredInterfaceModel="e1000", preferredInterfaceMasquerade={})
    interfaces = [
        {"name": "pod"},
        {"name": "bound", "bridge": {}, "model": "virtio"},
        {"name": "other"},
        {"name": "direct", "sriov": {}},
    ]
    networks = [{"name": "pod", "pod": {}}, {"name": "other", "multus": {}}]
    holder = applied(preferred, domain={"devices": {"interfaces": interfaces}}, networks=networks)
    assert holder["spec"]["domain"]["devices"]["interfaces"] == [
        {"name": "pod", "model": "e1000", "masquerade": {}},
        {"name": "bound", "bridge": {}, "model": "virtio"},
        {"name": "other", "model": "e1000"},
        {"name": "direct", "sriov": {}},
    ]


def test_small_devices():
    preferred = device_preference(
        preferredTPM={"persistent": True},
        preferredRng={},
        preferredAutoattachMemBalloon=False,
        preferredInputBus="usb",
        preferredInputType="tablet",
        preferredSoundModel="ich9",
        preferredVideoType="virtio",
        preferredPanicDeviceModel="hyperv",
        preferredVirtualGPUOptions={"display": {}},
        preferredNetworkInterfaceMultiQueue=True,
    )
    devices = {
        "inputs": [{"name": "t"}],
        "sound": {"name": "s"},
        "panicDevices": [{}],
        "gpus": [{"name": "g"}],
        "rng": {"own": True},
    }
    found = domain_of(preferred, devices=devices)["devices"]
    assert found["tpm"] == {"persistent": True}
    assert found["rng"] == {"own": True}
    assert found["autoattachMemBalloon"] is False
    assert found["inputs"] == [{"name": "t", "bus": "usb", "type": "tablet"}]
    assert found["sound"]["model"] == "ich9"
    assert found["video"] == {"type": "virtio"}
    assert found["panicDevices"] == [{"model": "hyperv"}]
    assert found["gpus"][0]["virtualGPUOptions"] == {"display": {}}
    assert found["networkInterfaceMultiqueue"] is True


def test_features_and_clock():
    preference = {
        "features": {
            "preferredAcpi": {},
            "preferredSmm": {},
            "preferredHyperv": {"relaxed": {}, "vapic": {"enabled": True}},
        },
        "clock": {"preferredClockOffset": {"utc": {}}, "preferredTimer": {"hpet": {}}},
    }
    own = {"acpi": {"enabled": False}, "hyperv": {"vapic": {"enabled": False}}}
    found = domain_of(preference, features=own, clock={"timezone": "UTC"})
    assert found["features"] == {
        "acpi": {},  # the one thing that is overwritten
        "smm": {},
        "hyperv": {"relaxed": {}, "vapic": {"enabled": False}},
    }
    assert found["clock"] == {"timezone": "UTC", "timer": {"hpet": {}}}


@pytest.mark.parametrize(
    ("preferred", "own", "loader"),
    [
        ({"preferredEfi": {"secureBoot": True}}, {}, {"efi": {"secureBoot": True}}),
        ({"preferredEfi": {"secureBoot": True}}, {"bios": {}}, {"bios": {}}),
        ({"preferredEfi": {}}, {"efi": {"persistent": True}}, {"efi": {"persistent": True}}),
        ({"preferredUseBios": True}, {}, {"bios": {}}),
        (
            {"preferredUseBios": True, "preferredUseBiosSerial": True},
            {},
            {"bios": {"useSerial": True}},
        ),
        ({"preferredUseBios": True}, {"efi": {}}, {"efi": {}}),
        (
            {"preferredUseEfi": True, "preferredUseSecureBoot": True},
            {},
            {"efi": {"secureBoot": True}},
        ),
    ],
)
def test_firmware(preferred, own, loader):
    firmware = {"bootloader": own} if own else {}
    found = domain_of({"firmware": preferred}, firmware=firmware)
    assert found["firmware"]["bootloader"] == loader


def test_what_stands_beside_the_domain():
    preference = {
        "preferredSubdomain": "sub",
        "preferredTerminationGracePeriodSeconds": 77,
        "preferredArchitecture": "arm64",
        "preferredLaunchSecurity": {"sev": {}},
        "machine": {"preferredMachineType": "virt"},
        "annotations": {"a/b": "1", "c/d": "2"},
        "cpu": {"preferredCPUFeatures": [{"name": "x"}, {"name": "y"}]},
    }
    own = {"cpu": {"features": [{"name": "y", "policy": "disable"}]}}
    holder = applied(preference, {"a/b": "own"}, domain=own, terminationGracePeriodSeconds=0)
    spec = holder["spec"]
    assert (spec["subdomain"], spec["architecture"]) == ("sub", "arm64")
    assert spec["terminationGracePeriodSeconds"] == 0
    assert spec["domain"]["machine"] == {"type": "virt"}
    assert spec["domain"]["launchSecurity"] == {"sev": {}}
    assert spec["domain"]["cpu"]["features"] == [{"name": "y", "policy": "disable"}, {"name": "x"}]
    assert holder["metadata"]["annotations"] == {"a/b": "own", "c/d": "2"}


def test_an_empty_preference_changes_nothing():
    assert applied({}, domain={"devices": {}})["spec"] == {"domain": {"devices": {}}}
