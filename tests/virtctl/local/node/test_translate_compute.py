"""CPU, memory, firmware, features."""

import pytest

from launcher.spec import (
    AcpiTable,
    Bios,
    CpuFeature,
    Efi,
    Enlightenment,
    KernelBoot,
    Topology,
)
from tests.fakes.manifests import instance
from virtctl.errors import InvalidField
from virtctl.local.node import translate_compute as compute
from virtctl.local.node.materials import BootImage, TranslateFacts

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ({"cpu": {"cores": 2, "sockets": 3}}, Topology(sockets=3, cores=2)),
        ({"resources": {"limits": {"cpu": "4"}}}, Topology(sockets=4)),
        ({"resources": {"requests": {"cpu": "1500m"}}}, Topology(sockets=2)),
        ({}, Topology()),
    ],
)
def test_topology(domain: dict, expected: Topology) -> None:
    assert compute.cpu(domain, {}).topology == expected


def test_named_models_lose_mpx() -> None:
    named = compute.cpu({"cpu": {"model": "Haswell"}}, {})
    assert named.features == (CpuFeature(name="mpx", policy="disable"),)
    asked = {"cpu": {"model": "Haswell", "features": [{"name": "mpx"}]}}
    assert compute.cpu(asked, {}).features == (CpuFeature(name="mpx"),)
    assert compute.cpu({"cpu": {"model": "host-model"}}, {}).features == ()


def test_dedicated() -> None:
    asked = {
        "dedicatedCpuPlacement": True, "isolateEmulatorThread": True, "realtime": {},
        "numa": {"guestMappingPassthrough": {}},
    }  # fmt: skip
    even = {"alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity": ""}
    cpu = compute.cpu({"cpu": asked}, even)
    assert cpu.dedicated
    assert cpu.isolate_emulator
    assert cpu.even_emulator
    assert cpu.realtime
    assert cpu.numa_passthrough


@pytest.mark.parametrize(
    "domain",
    [
        {"memory": {"guest": "64Mi"}},
        {"resources": {"requests": {"memory": "64Mi"}}},
        {"resources": {"limits": {"memory": "64Mi"}}},
        {"memory": {"hugepages": {"pageSize": "64Mi"}}},
    ],
)
def test_memory(domain: dict) -> None:
    assert compute.memory(domain, {}).guest == 64 * MIB


def test_memory_options() -> None:
    domain = {"memory": {"guest": "1Gi", "maxGuest": "4Gi", "hugepages": {"pageSize": "2Mi"}}}
    memory = compute.memory(domain, {"kubevirt.io/memfd": "false"})
    assert (memory.max_guest, memory.hugepage_size) == (4096 * MIB, 2 * MIB)
    assert not memory.memfd


def test_no_memory() -> None:
    with pytest.raises(InvalidField, match=r"spec\.domain\.memory\.guest"):
        compute.memory({}, {})


def test_a_quantity_that_is_none() -> None:
    with pytest.raises(InvalidField, match=r"memory\.guest.*quantity"):
        compute.memory({"memory": {"guest": "lots"}}, {})


def firmware(facts: TranslateFacts | None = None, volumes: list | None = None, **fields):
    vmi = instance(spec__domain__firmware=fields, spec__volumes=volumes or [])
    return compute.firmware(vmi, facts or TranslateFacts())


@pytest.mark.parametrize(
    ("bootloader", "expected"),
    [
        ({}, Bios()),
        ({"bios": {"useSerial": True}}, Bios(use_serial=True)),
        ({"efi": {}}, Efi()),
        (
            {"efi": {"secureBoot": False, "persistent": True}},
            Efi(secure_boot=False, persistent=True),
        ),
    ],
)
def test_bootloader(bootloader: dict, expected) -> None:
    assert firmware(bootloader=bootloader).bootloader == expected


def test_kernel_boot() -> None:
    container = {"image": "i", "kernelPath": "/boot/vmlinuz", "initrdPath": "/boot/initrd"}
    fields = {"kernelBoot": {"container": container, "kernelArgs": "quiet"}}
    names = {"kernel_name": "vmlinuz", "initrd_name": "initrd"}
    shown = TranslateFacts(boot_image=BootImage())
    assert firmware(shown, **fields).kernel_boot == KernelBoot(
        kernel="/boot/vmlinuz", initrd="/boot/initrd", args="quiet", **names
    )
    extracted = TranslateFacts(boot_image=BootImage(kernel="/store/a", initrd="/store/b"))
    made = firmware(extracted, **fields).kernel_boot
    assert made == KernelBoot(kernel="/store/a", initrd="/store/b", args="quiet", **names)
    assert made.shown == {"/store/a": "vmlinuz", "/store/b": "initrd"}


def test_the_hosts_own_files_are_no_kernels() -> None:
    container = {"image": "i", "kernelPath": "/etc/shadow"}
    with pytest.raises(InvalidField, match="has not been resolved"):
        firmware(kernelBoot={"container": container})
    extracted = TranslateFacts(boot_image=BootImage(initrd="/store/b"))
    assert firmware(extracted, kernelBoot={"container": container}).kernel_boot.kernel == ""


def test_acpi_tables() -> None:
    facts = TranslateFacts(secrets={"oem": {"slic.bin": b"x"}})
    volumes = [{"name": "v", "secret": {"secretName": "oem"}}]
    found = firmware(facts, volumes, acpi={"slicNameRef": "v"})
    assert found.acpi_tables == (AcpiTable(kind="slic", volume="v", content=b"x"),)
    with pytest.raises(InvalidField, match="volume with a secret"):
        firmware(facts, [], acpi={"slicNameRef": "v"})
    with pytest.raises(InvalidField, match="slicNameRef and msdmNameRef"):
        firmware(facts, volumes, acpi={})


def test_features() -> None:
    assert not compute.features({}).acpi
    found = compute.features(
        {
            "features": {
                "acpi": {"enabled": False}, "apic": {}, "smm": {"enabled": False},
                "pvspinlock": {}, "kvm": {"hidden": True}, "hypervPassthrough": {},
            }
        }
    )  # fmt: skip
    assert (found.acpi, found.apic, found.smm, found.pvspinlock) == (False, True, False, True)
    assert found.kvm_hidden
    assert found.hyperv_passthrough


def test_hyperv() -> None:
    asked = {
        "relaxed": {}, "spinlocks": {"spinlocks": 4096}, "vendorid": {"vendorid": "me"},
        "synictimer": {"enabled": False, "direct": {}},
    }  # fmt: skip
    assert compute.features({"features": {"hyperv": asked}}).hyperv == (
        Enlightenment(name="relaxed"),
        Enlightenment(name="spinlocks", value="4096"),
        Enlightenment(name="stimer", enabled=False, parts={"direct": True}),
        Enlightenment(name="vendor_id", value="me"),
    )


def test_no_retries_at_all_are_a_number_too() -> None:
    asked = {"spinlocks": {"spinlocks": 0}}
    found = compute.features({"features": {"hyperv": asked}}).hyperv
    assert found == (Enlightenment(name="spinlocks", value="0"),)


def test_fractions_of_bytes_are_cut_off() -> None:
    assert compute.memory({"memory": {"guest": "0.3Gi"}}, {}).guest == 322122547
    assert compute.memory({"memory": {"guest": "1.5Gi"}}, {}).guest == 1610612736
