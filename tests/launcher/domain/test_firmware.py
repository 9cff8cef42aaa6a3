"""Machine type, firmware, direct boot, SMBIOS."""

import pytest

from launcher.domain import firmware
from launcher.domain.element import render
from launcher.errors import SpecError
from launcher.facts import EfiFiles, HostFacts
from launcher.spec import (
    AcpiTable,
    Bios,
    Chassis,
    Efi,
    Firmware,
    KernelBoot,
    LaunchSecurity,
    Smbios,
)  # fmt: skip
from tests.fakes.machines import inputs

RED_HAT = EfiFiles(
    directory="/efi",
    files=(
        "OVMF_CODE.fd", "OVMF_VARS.fd", "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd",
        "OVMF_CODE.cc.fd", "OVMF.inteltdx.fd", "OVMF.amdsev.fd",
    ),
)  # fmt: skip
DEBIAN = EfiFiles(
    directory="/efi",
    files=("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd", "OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"),
)


def system(**changes):
    facts = changes.pop("facts", HostFacts(efi=RED_HAT))
    boot = changes.pop("boot", {})
    given = Firmware(uuid="u", **boot)
    (made,) = firmware.operating_system(inputs(facts, firmware=given, **changes))
    return made


def test_a_bios_needs_nothing() -> None:
    assert [each.tag for each in system().children] == ["type", "smbios"]


def test_a_bios_on_the_serial_line() -> None:
    made = system(boot={"bootloader": Bios(use_serial=True)})
    assert made.find("bios").get("useserial") == "yes"


def test_s390x_has_no_smbios() -> None:
    made = system(architecture="s390x", machine_type="s390-ccw-virtio")
    assert made.find("smbios") is None
    assert made.find("type").get("arch") == "s390x"


def test_a_paused_start_shows_the_boot_menu() -> None:
    assert system(start_paused=True).find("bootmenu").get("timeout") == "10000"


@pytest.mark.parametrize(
    ("host", "secure", "code", "variables"),
    [
        (RED_HAT, True, "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd"),
        (RED_HAT, False, "OVMF_CODE.secboot.fd", "OVMF_VARS.fd"),
        (DEBIAN, True, "OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"),
        (DEBIAN, False, "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    ],
)
def test_efi_files(host: EfiFiles, secure: bool, code: str, variables: str) -> None:
    made = system(facts=HostFacts(efi=host), boot={"bootloader": Efi(secure_boot=secure)})
    loader, nvram = made.find("loader"), made.find("nvram")
    assert loader.text == f"/efi/{code}"
    assert loader.get("secure") == ("yes" if secure else "no")
    assert nvram.get("template") == f"/efi/{variables}"
    assert nvram.text == "/var/run/kubevirt-private/libvirt/qemu/nvram/web_VARS.fd"


def test_efi_without_images() -> None:
    with pytest.raises(SpecError, match=r"roms missing.*SecureBoot=true") as caught:
        system(facts=HostFacts(), boot={"bootloader": Efi()})
    assert caught.value.hint == "install `ovmf`"


def test_libvirt_may_choose_the_firmware() -> None:
    host = HostFacts(efi=EfiFiles(auto_selection=True))
    made = system(facts=host, boot={"bootloader": Efi()})
    assert made.get("firmware") == "efi"
    assert made.find("loader") is None
    assert made.find("nvram").get("format") == "raw"


@pytest.mark.parametrize(("kind", "chosen"), [("pv", True), ("tdx", False)])
def test_firmware_of_confidential_guests_is_not_libvirts_to_choose(
    kind: str, *, chosen: bool
) -> None:
    files = ("OVMF.inteltdx.secboot.fd",)
    host = HostFacts(efi=EfiFiles(directory="/efi", files=files, auto_selection=True))
    made = system(
        facts=host,
        architecture="s390x" if kind == "pv" else "amd64",
        boot={"bootloader": Efi()},
        launch_security=LaunchSecurity(kind=kind),
    )
    assert (made.get("firmware") == "efi") == chosen


@pytest.mark.parametrize(
    ("kind", "code"), [("sev", "OVMF_CODE.cc.fd"), ("tdx", "OVMF.inteltdx.fd")]
)
def test_confidential_firmware(kind: str, code: str) -> None:
    made = system(
        boot={"bootloader": Efi(secure_boot=False)}, launch_security=LaunchSecurity(kind=kind)
    )
    assert made.find("loader").text == f"/efi/{code}"
    assert (made.find("nvram") is None) == (kind == "tdx")


def test_arm_has_one_pair_and_no_secure_boot() -> None:
    host = HostFacts(efi=EfiFiles(directory="/a", files=("AAVMF_CODE.fd", "AAVMF_VARS.fd")))
    made = system(facts=host, architecture="arm64", boot={"bootloader": Efi(secure_boot=False)})
    assert made.find("loader").text == "/a/AAVMF_CODE.fd"
    with pytest.raises(SpecError):
        system(facts=host, architecture="arm64", boot={"bootloader": Efi()})


@pytest.mark.parametrize("architecture", ["arm64", "s390x"])
def test_confidential_firmware_is_never_replaced_by_another(architecture: str) -> None:
    host = HostFacts(efi=EfiFiles(directory="/a", files=("AAVMF_CODE.fd", "AAVMF_VARS.fd")))
    with pytest.raises(SpecError, match="SEV-SNP=true"):
        system(
            facts=host,
            architecture=architecture,
            boot={"bootloader": Efi(secure_boot=False)},
            launch_security=LaunchSecurity(kind="sev-snp"),
        )


def test_direct_kernel_boot() -> None:
    boot = KernelBoot(kernel="/x/boot/vmlinuz", initrd="/x/initrd.img", args="console=ttyS0")
    made = system(boot={"kernel_boot": boot})
    place = "/var/run/kubevirt/container-disks/kernel-boot"
    assert made.find("kernel").text == f"{place}/vmlinuz"
    assert made.find("initrd").text == f"{place}/initrd.img"
    assert made.find("cmdline").text == "console=ttyS0"


def test_arguments_without_a_kernel() -> None:
    made = system(boot={"kernel_boot": KernelBoot(args="quiet")})
    assert made.find("kernel") is None
    assert made.find("cmdline").text == "quiet"


def test_acpi_tables() -> None:
    made = system(boot={"acpi_tables": (AcpiTable(kind="slic", volume="oem"),)})
    assert made.find("acpi", "table").text == ("/var/run/kubevirt-private/secret/oem/slic.bin")


def test_system_information() -> None:
    given = inputs(
        firmware=Firmware(uuid="u", serial="s"),
        smbios=Smbios(manufacturer="Acme"),
        chassis=Chassis(asset="7"),
    )
    (made,) = firmware.system_information(given)
    names = [each.get("name") for each in made.find("system").children]
    assert names == ["uuid", "serial", "manufacturer", "family", "product", "sku", "version"]
    assert len(made.find("chassis").children) == 5
    assert "<bios></bios>" in render(made)


def test_no_smbios_settings() -> None:
    (made,) = firmware.system_information(inputs(smbios=None))
    assert [each.get("name") for each in made.find("system").children] == ["uuid"]
