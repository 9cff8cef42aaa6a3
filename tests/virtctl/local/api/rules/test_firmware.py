"""Rules of firmware and what surrounds it."""

import pytest

from tests.fakes.rules import domain, fields, gates, said, spec
from virtctl.local.api.rules import firmware

EFI = {"bootloader": {"efi": {"secureBoot": False}}}


def causes(context=None, volumes=(), **parts):
    document = spec(domain=domain(**parts), volumes=[*volumes], architecture="amd64")
    return all_causes(document, context or gates())


def all_causes(document, context):
    found = (
        firmware.machine_type_causes(document, "spec", context),
        firmware.acpi_causes(document, "spec"),
        firmware.boot_causes(document, "spec"),
        firmware.secure_boot_causes(document, "spec"),
        firmware.security_causes(document, "spec", context),
    )
    return [each for group in found for each in said(group)]


def kernel(**container):
    return {"firmware": {"kernelBoot": {"container": container, "kernelArgs": "quiet"}}}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"machine": {"type": "pc-q35-9.0"}},
        {"firmware": EFI},
        {"firmware": {"bootloader": {"efi": {}}}, "features": {"smm": {"enabled": True}}},
        {"firmware": EFI, "launchSecurity": {"sev": {}}},
        kernel(image="k", kernelPath="/boot/vmlinuz"),
    ],
)
def test_good_firmware(parts):
    assert causes(**parts) == []


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"machine": {"type": "virt"}}, "spec.domain.machine.type", "[q35* pc-q35*]"),
        ({"firmware": {"bootloader": {"efi": {}}}}, "spec.domain", "requires SMM"),
        (
            {"firmware": {"bootloader": {"efi": {"secureBoot": False}, "bios": {}}}},
            "spec.domain.firmware.bootloader",
            "mutually exclusive",
        ),
        ({"firmware": {"acpi": {}}}, "spec.acpi", "no SLIC nor MSDM"),
        ({"firmware": {"acpi": {"slicNameRef": "x"}}}, "spec.acpi.slicNameRef", "matching Volume"),
        (
            {"firmware": {"kernelBoot": {"kernelArgs": "x"}}},
            "spec.domain.firmware.kernelBoot.kernelArgs",
            "without an external kernel",
        ),
        (
            kernel(kernelPath="/k"),
            "spec.domain.firmware.kernelBoot.container.image",
            "with an image",
        ),
        (kernel(image="k"), "spec.domain.firmware.kernelBoot.container", "kernelPath, initrdPath"),
        (
            kernel(image="k", initrdPath="x"),
            "spec.domain.firmware.kernelBoot.container.initrdPath",
            "absolute path",
        ),
        ({"launchSecurity": {"sev": {}}}, "spec.launchSecurity", "SEV requires OVMF"),
        ({"launchSecurity": {"tdx": {}}}, "spec.launchSecurity", "WorkloadEncryptionTDX"),
        (
            {"firmware": EFI, "launchSecurity": {"sev": {"attestation": {}}}},
            "spec.launchSecurity",
            "StartStrategy 'Paused'",
        ),
    ],
)
def test_bad_firmware(parts, field, message):
    ((where, text),) = causes(**parts)
    assert where == field
    assert message in text


def test_the_cluster_says_which_machine_types_there_are():
    context = gates(architectureConfiguration={"amd64": {"emulatedMachines": ["virt*"]}})
    assert causes(context, machine={"type": "virt"}) == []
    older = gates(emulatedMachines=["pc*"], architectureConfiguration={"amd64": {}})
    assert causes(older, machine={"type": "pc-i440fx-2.10"}) == []
    assert causes(older, machine={"type": "q35"})


def test_acpi_tables_come_from_secrets():
    secret = {"name": "t", "secret": {"secretName": "s"}}
    acpi = {"firmware": {"acpi": {"slicNameRef": "t"}}}
    assert causes(volumes=[secret], **acpi) == []
    assert causes(volumes=[{"name": "t", "emptyDisk": {}}], **acpi)


def test_enlightenments():
    features = {"hyperv": {"synictimer": {}, "synic": {"enabled": False}}}
    document = spec(domain=domain(features=features))
    assert len(list(firmware.enlightenment_causes(document, "spec"))) == 1
    both = spec(domain=domain(features={"hyperv": {}, "hypervPassthrough": {}}))
    assert fields(firmware.enlightenment_causes(both, "spec")) == ["spec.domain.features.hyperv"]


def test_architectures():
    assert fields(firmware.architecture_causes(spec(architecture="mips"), "spec")) == [
        "spec.architecture"
    ]
    arm = spec(
        architecture="arm64",
        domain=domain(
            firmware={"bootloader": {"bios": {}}},
            cpu={"model": "host-model"},
            devices={"watchdog": {}, "sound": {}},
        ),
    )
    assert len(list(firmware.architecture_causes(arm, "spec"))) == 4
    assert not list(firmware.architecture_causes(spec(architecture="s390x"), "spec"))


CONFIDENTIAL = gates("WorkloadEncryptionTDX")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"launchSecurity": {}}, "One and only one"),
        ({"launchSecurity": {"sev": {}, "snp": {}}}, "One and only one"),
        ({"launchSecurity": {"tdx": {}}}, "TDX requires OVMF"),
        (
            {"launchSecurity": {"tdx": {}}, "firmware": EFI, "features": {"smm": {}}},
            "TDX does not work along with SMM",
        ),
        (
            {
                "launchSecurity": {"snp": {}},
                "firmware": {"bootloader": {"efi": {"secureBoot": False, "persistent": True}}},
            },
            "SNP does not work along with Persistent EFI",
        ),
        (
            {
                "launchSecurity": {"tdx": {}},
                "firmware": EFI,
                "devices": {"interfaces": [{"name": "n", "bootOrder": 1}]},
            },
            "TDX does not work with bootable NICs: n",
        ),
    ],
)
def test_what_confidential_guests_cannot(parts, message):
    ((field, text),) = causes(CONFIDENTIAL, **parts)
    assert field == "spec.launchSecurity"
    assert message in text


def test_tdx_boots_signed_images_without_smm():
    secure = {"bootloader": {"efi": {}}}
    assert causes(CONFIDENTIAL, launchSecurity={"tdx": {}}, firmware=secure) == []


@pytest.mark.parametrize(
    ("architecture", "found"), [("arm64", ["spec.architecture"]), ("s390x", [])]
)
def test_confidential_guests_of_other_architectures(architecture, found):
    document = spec(architecture=architecture, domain=domain(launchSecurity={}))
    assert [field for field, _ in all_causes(document, gates())] == found


def test_nested_guests_need_virtualisation():
    document = spec(domain=domain(features={"hyperv": {"evmcs": {}, "vapic": {}}}))
    assert fields(firmware.enlightenment_causes(document, "spec")) == ["spec.domain.cpu.features"]
    document["domain"]["cpu"] = {"features": [{"name": "vmx", "policy": "disable"}]}
    assert fields(firmware.enlightenment_causes(document, "spec")) == [
        "spec.domain.cpu.features[0].policy"
    ]


def test_buses_of_arm():
    disks = [{"name": "a", "disk": {"bus": "sata"}}, {"name": "b", "cdrom": {"bus": "scsi"}}]
    document = spec(architecture="arm64", domain=domain(devices={"disks": disks}))
    assert fields(firmware.architecture_causes(document, "spec")) == [
        "spec.domain.devices.disks[0].disk.bus"
    ]


def test_unknown_architectures_have_the_machines_of_the_first():
    for machine, count in (("q35", 0), ("virt", 1)):
        document = spec(architecture="ppc64le", domain=domain(machine={"type": machine}))
        assert len(list(firmware.machine_type_causes(document, "spec", gates()))) == count
