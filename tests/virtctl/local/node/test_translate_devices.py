"""Host devices, shared directories, confidential computing."""

import pytest

from launcher.spec import HostDevice, LaunchSecurity
from tests.fakes.manifests import instance
from virtctl.errors import InvalidField
from virtctl.local.node import translate_devices as devices
from virtctl.local.node.materials import TranslateFacts

GIVEN = {
    "PCI_RESOURCE_ACME_COM_CARD": ("0000:65:00.0", "0000:66:00.0"),
    "MDEV_PCI_RESOURCE_ACME_COM_GPU": ("uuid-1",),
    "USB_RESOURCE_ACME_COM_KEY": ("001:004",),
}


def found(**peripherals) -> tuple[HostDevice, ...]:
    vmi = instance(spec__domain__devices=peripherals)
    return devices.host_devices(vmi, TranslateFacts(devices=GIVEN))


def test_each_device_takes_an_address() -> None:
    cards = [{"name": name, "deviceName": "acme.com/card"} for name in ("a", "b")]
    assert [each.address for each in found(hostDevices=cards)] == list(
        GIVEN["PCI_RESOURCE_ACME_COM_CARD"]
    )


def test_too_few() -> None:
    keys = [{"name": name, "deviceName": "acme.com/key"} for name in ("a", "b")]
    with pytest.raises(InvalidField, match=r"number of device plugin HostDevice/s do not match"):
        found(hostDevices=keys)


def test_gpu_options() -> None:
    options = {"display": {"enabled": True, "ramFB": {"enabled": False}}}
    gpu = {"name": "g", "deviceName": "acme.com/gpu", "virtualGPUOptions": options, "tag": "t"}
    (made,) = found(gpus=[gpu])
    assert (made.name, made.kind, made.bus, made.address) == ("g", "gpu", "mdev", "uuid-1")
    assert (made.display, made.ramfb, made.tag) == (True, False, "t")


def test_sriov_nics() -> None:
    facts = TranslateFacts(nic_devices={"fast": "0000:65:00.2"})
    nic = {"name": "fast", "sriov": {}, "bootOrder": 1, "tag": "lan"}
    seen = [{"name": "fast", "infoSource": "domain, multus-status"}]
    vmi = instance(spec__domain__devices={"interfaces": [nic]}, status__interfaces=seen)
    assert devices.host_devices(vmi, facts) == (
        HostDevice(
            name="fast",
            kind="sriov",
            bus="pci",
            address="0000:65:00.2",
            boot_order=1,
            tag="lan",
        ),
    )
    with pytest.raises(InvalidField, match="has no PCI address"):
        devices.host_devices(vmi, TranslateFacts())
    vmi = instance(spec__domain__devices={"interfaces": [nic]})
    assert devices.host_devices(vmi, facts) == ()


def test_whole_devices_come_before_parts_and_share_no_address() -> None:
    given = TranslateFacts(
        devices={
            "PCI_RESOURCE_A": ("0000:01:00.0", ""),
            "PCI_RESOURCE_B": ("0000:01:00.0", "0000:02:00.0"),
            "MDEV_PCI_RESOURCE_M": ("uuid",),
        }
    )
    asked = [{"name": name, "deviceName": name} for name in ("m", "a", "b")]
    vmi = instance(spec__domain__devices={"hostDevices": asked})
    found = [(each.name, each.address) for each in devices.host_devices(vmi, given)]
    assert found == [("a", "0000:01:00.0"), ("b", "0000:02:00.0"), ("m", "uuid")]


def test_a_whole_gpu_is_a_screen_only_when_that_is_said() -> None:
    def asked(display: dict) -> HostDevice:
        options = {"display": display}
        gpu = {"name": "g", "deviceName": "acme.com/card", "virtualGPUOptions": options}
        return found(gpus=[gpu])[0]

    assert asked({}).display is False
    assert asked({"enabled": True}).display is True


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"sev": {}}, LaunchSecurity(kind="sev")),
        (
            {"sev": {"policy": {"encryptedState": True}, "dhCert": "d", "session": "s"}},
            LaunchSecurity(kind="sev-es", dh_cert="d", session="s"),
        ),
        ({"snp": {}}, LaunchSecurity(kind="sev-snp")),
        ({"tdx": {}}, LaunchSecurity(kind="tdx", quote_socket="/q")),
    ],
)
def test_launch_security(asked: dict, expected: LaunchSecurity) -> None:
    vmi = instance(
        spec__domain__launchSecurity=asked,
        metadata__annotations={"kubevirt.io/qgs-socket-path": "/q"},
    )
    assert devices.launch_security(vmi, "amd64") == expected
    assert devices.launch_security(vmi, "s390x") == expected


def test_secure_execution_needs_no_more_than_to_be_asked_for() -> None:
    vmi = instance(spec__domain__launchSecurity={})
    assert devices.launch_security(vmi, "s390x") == LaunchSecurity(kind="pv")
    assert devices.launch_security(vmi, "amd64") is None
    assert devices.launch_security(instance(), "amd64") is None
    nothing = instance(spec__domain__launchSecurity={})
    assert devices.launch_security(nothing, "amd64") is None
