"""Rules of firmware, kernel boot, launch security, machine type and enlightenments."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.features import HYPERV_NEEDS, is_on
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.local.api.rules.volumes import path_causes
from virtctl.models import documents
from virtctl.models.documents import Document

MACHINE_TYPES = {
    "amd64": ("q35*", "pc-q35*"),
    "arm64": ("virt*",),
    "s390x": ("s390-ccw-virtio*",),
}


def boot_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the boot loader and with a kernel of one's own."""
    bootloader = documents.child(spec, "domain", "firmware", "bootloader")
    if bootloader.get("efi") is not None and bootloader.get("bios") is not None:
        field = f"{path}.domain.firmware.bootloader"
        yield invalid(
            field, f"{field} has both EFI and BIOS configured, but they are mutually exclusive."
        )
    yield from _kernel_causes(spec, path)


def machine_type_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """Whether the architecture has such machines."""
    architecture = documents.text(spec, "architecture") or context.default_architecture
    machine = documents.text(spec, "domain", "machine", "type")
    own = ("architectureConfiguration", architecture, "emulatedMachines")
    allowed = documents.items(context.configuration, "emulatedMachines") or documents.items(
        context.configuration, *own
    )
    patterns = [str(item) for item in allowed] or [
        *MACHINE_TYPES.get(architecture, MACHINE_TYPES["amd64"])
    ]
    if machine and patterns and not any(fnmatchcase(machine, pattern) for pattern in patterns):
        field = f"{path}.domain.machine.type"
        yield invalid(
            field,
            f"{field} is not supported: {machine} (allowed values: [{' '.join(patterns)}])",
        )


def secure_boot_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Keys are safe only where the guest cannot write to the firmware's memory."""
    efi = documents.find(spec, "domain", "firmware", "bootloader", "efi")
    if not isinstance(efi, dict) or efi.get("secureBoot") is False:
        return
    features = documents.child(spec, "domain", "features")
    # The images of TDX have their keys built in, and nothing to protect by SMM.
    if documents.find(spec, "domain", "launchSecurity", "tdx") is not None:
        return
    if not is_on(features, "smm"):
        yield invalid(
            f"{path}.domain",
            f"{path}.domain has EFI SecureBoot enabled. SecureBoot requires SMM, which is "
            "currently disabled.",
        )


def acpi_causes(spec: Document, path: str) -> Iterator[Cause]:
    """ACPI tables come from Secrets."""
    acpi = documents.find(spec, "domain", "firmware", "acpi")
    if not isinstance(acpi, dict):
        return
    given = [(name, acpi[name]) for name in ("slicNameRef", "msdmNameRef") if acpi.get(name)]
    if not given:
        yield invalid(f"{path}.acpi", "ACPI was set but no SLIC nor MSDM volume reference was set")
    volumes = {item.get("name"): item for item in documents.objects(spec, "volumes")}
    for name, reference in given:
        volume = volumes.get(reference)
        field = f"{path}.acpi.{name}"
        if volume is None:
            yield invalid(field, f"{path}.acpi does not have a matching Volume.")
        elif "secret" not in volume:
            yield invalid(field, f"{path}.acpi refers to Volume of unsupported type.")


def _kernel_causes(spec: Document, path: str) -> Iterator[Cause]:
    boot = documents.find(spec, "domain", "firmware", "kernelBoot")
    if not isinstance(boot, dict):
        return
    field = f"{path}.domain.firmware.kernelBoot"
    container = boot.get("container")
    if not isinstance(container, dict):
        if boot.get("kernelArgs"):
            yield invalid(
                f"{field}.kernelArgs",
                "kernel arguments cannot be provided without an external kernel",
            )
        return
    where = f"{field}.container"
    if not container.get("image"):
        yield required(f"{where}.image", f"{where} must be defined with an image")
    kernel, initrd = (
        documents.text(container, "kernelPath"),
        documents.text(container, "initrdPath"),
    )
    if not kernel and not initrd:
        yield required(
            where,
            f"{where} must be defined with at least one of the following: kernelPath, initrdPath",
        )
    yield from path_causes(kernel, f"{where}.kernelPath", f"{where}.kernelPath")
    yield from path_causes(initrd, f"{where}.initrdPath", f"{where}.initrdPath")


def security_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with how the guest is kept from its host."""
    security = documents.find(spec, "domain", "launchSecurity")
    if not isinstance(security, dict):
        return
    field = f"{path}.launchSecurity"
    architecture = documents.text(spec, "architecture")
    if architecture == "s390x":
        return
    if architecture != "amd64":
        text = f"No launchSecurity support for architecture: {architecture}"
        yield invalid(f"{path}.architecture", text)
        return
    chosen = [name for name in _SECURITY if security.get(name) is not None]
    if len(chosen) != 1:
        text = "One and only one launchSecurity type can be set"
        yield Cause("FieldValueForbidden", text, field)
        return
    gate = f"WorkloadEncryption{'TDX' if chosen == ['tdx'] else 'SEV'}"
    if context.has_gate(gate):
        yield from _confidential_causes(spec, chosen[0], field)
    else:
        yield invalid(field, f"{gate} feature gate is not enabled in kubevirt-config")


_SECURITY = ("sev", "snp", "tdx")


def _confidential_causes(spec: Document, kind: str, field: str) -> Iterator[Cause]:
    """What a guest whose memory is hidden from the host cannot have."""
    shown, domain = kind.upper(), documents.child(spec, "domain")
    if kind == "tdx" and is_on(documents.child(domain, "features"), "smm"):
        yield invalid(field, "TDX does not work along with SMM")
    efi = documents.find(domain, "firmware", "bootloader", "efi")
    if not isinstance(efi, dict):
        yield invalid(field, f"{shown} requires OVMF (UEFI)")
    else:
        if kind != "tdx" and efi.get("secureBoot") is not False:
            yield invalid(field, f"{shown} does not work along with SecureBoot")
        if kind != "sev" and efi.get("persistent") is True:
            yield invalid(field, f"{shown} does not work along with Persistent EFI variables")
    attestation = documents.find(domain, "launchSecurity", "sev", "attestation")
    if attestation is not None and spec.get("startStrategy") != "Paused":
        yield invalid(field, "SEV attestation requires VMI StartStrategy 'Paused'")
    for interface in documents.objects(domain, "devices", "interfaces"):
        if interface.get("bootOrder") is not None:
            yield invalid(field, f"{shown} does not work with bootable NICs: {interface['name']}")


def enlightenment_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Enlightenments that are on while what they need is off. Bare instances only."""
    features = documents.child(spec, "domain", "features")
    hyperv = features.get("hyperv")
    field = f"{path}.domain.features.hyperv"
    if not isinstance(hyperv, dict):
        return
    if features.get("hypervPassthrough") is not None:
        yield invalid(
            field,
            "Cannot explicitly set hyperV features if HypervPassthrough is being used. Please use "
            "either HyperV or HypervPassthrough.",
        )
    yield from _nesting_causes(spec, hyperv, path)
    for name, need in HYPERV_NEEDS:
        if is_on(hyperv, name) and not is_on(hyperv, need):
            doubled = f"{field}.domain.features.hyperv"
            yield invalid(
                f"{doubled}.{name}",
                f"'{doubled}.{name}' requires '{doubled}.{need}', which was disabled.",
            )


def _nesting_causes(spec: Document, hyperv: Document, path: str) -> Iterator[Cause]:
    """evmcs is of use to guests that run guests only."""
    if not is_on(hyperv, "evmcs"):
        return
    listed = list(documents.objects(spec, "domain", "cpu", "features"))
    field = f"{path}.domain.cpu.features"
    if not listed:
        yield required(field, "vmx cpu feature is required when evmcs is set")
    for position, feature in enumerate(listed):
        if feature.get("name") == "vmx" and feature.get("policy") != "require":
            text = "vmx cpu feature has to be set to require policy"
            yield invalid(f"{field}[{position}].policy", text)


def architecture_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What an architecture does not have. Bare instances only."""
    architecture = documents.text(spec, "architecture")
    if architecture and architecture not in MACHINE_TYPES:
        yield invalid(f"{path}.architecture", f"unsupported architecture: {architecture}")
    if architecture != "arm64":
        return
    domain = f"{path}.domain"
    if documents.find(spec, "domain", "firmware", "bootloader", "bios") is not None:
        yield not_supported(
            f"{domain}.firmware.bootloader.bios",
            "Arm64 does not support bios boot, please change to uefi boot",
        )
    model = documents.text(spec, "domain", "cpu", "model")
    if model not in {"", "host-passthrough"}:
        yield not_supported(
            f"{domain}.cpu.model",
            "currently, host-passthrough is the only model supported on Arm64",
        )
    for position, disk in enumerate(documents.objects(spec, "domain", "devices", "disks")):
        for target in ("disk", "cdrom", "lun"):
            if documents.text(disk, target, "bus") not in {"", "virtio", "scsi"}:
                yield not_supported(
                    f"{domain}.devices.disks[{position}].{target}.bus",
                    "Arm64 not support this disk bus type, please use virtio or scsi",
                )
    for name, shown in (("watchdog", "Watchdog"), ("sound", "sound")):
        if documents.find(spec, "domain", "devices", name) is not None:
            yield not_supported(f"{domain}.devices.{name}", f"Arm64 not support {shown} device")
