"""CPU, memory, firmware and features of a VirtualMachineInstance."""

from __future__ import annotations

from pathlib import PurePosixPath

from launcher.spec import (
    AcpiTable,
    Bios,
    Cpu,
    CpuFeature,
    Efi,
    Enlightenment,
    Features,
    Firmware,
    KernelBoot,
    Memory,
    Topology,
)
from virtctl.errors import InvalidField
from virtctl.local.node.materials import BootImage, TranslateFacts
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import QuantityError, parse_quantity

_MEMFD = "kubevirt.io/memfd"
_EVEN_EMULATOR = "alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity"
_HOST_MODELS = frozenset({"host-model", "host-passthrough"})


def amount(document: Document, *path: str) -> int | None:
    """A quantity in whole units, rounded up; None when absent. Raises ``InvalidField``."""
    value: JsonValue = doc.find(document, *path)
    if value is None:
        return None
    try:
        return parse_quantity(value).value  # type: ignore[arg-type]
    except (QuantityError, TypeError) as error:
        raise InvalidField(".".join(path), value, "must be a quantity such as `1Gi`") from error


def _whole_bytes(document: Document, *path: str) -> int | None:
    """A size in bytes; a fraction of a byte is cut off."""
    rounded = amount(document, *path)
    if rounded is None:
        return None
    exact = parse_quantity(doc.find(document, *path))  # type: ignore[arg-type]
    return rounded - (exact.nano % parse_quantity(1).nano != 0)


def cpu_quantity(domain: Document) -> int:
    """CPUs as the pod's resources give them: limits, else requests, else one."""
    resources = doc.child(domain, "resources")
    return amount(resources, "requests", "cpu") or amount(resources, "limits", "cpu") or 1


def cpu(domain: Document, notes: dict[str, str], architecture: str = "amd64") -> Cpu:
    """Topology, model and features, and whether host CPUs are set aside."""
    asked = doc.child(domain, "cpu")
    return Cpu(
        topology=_topology(domain),
        max_sockets=doc.integer(asked, "maxSockets"),
        model=doc.text(asked, "model") or "host-model",
        features=_cpu_features(domain, architecture),
        dedicated=doc.flag(asked, "dedicatedCpuPlacement"),
        isolate_emulator=doc.flag(asked, "isolateEmulatorThread"),
        even_emulator=_EVEN_EMULATOR in notes,
        numa_passthrough=doc.find(asked, "numa", "guestMappingPassthrough") is not None,
        own_numa=doc.find(asked, "numa") is not None,
        realtime=doc.find(asked, "realtime") is not None,
    )


def _topology(domain: Document) -> Topology:
    asked = doc.child(domain, "cpu")
    sockets, cores, threads = (doc.integer(asked, name) for name in ("sockets", "cores", "threads"))
    if not (sockets or cores or threads):
        resources = doc.child(domain, "resources")
        sockets = amount(resources, "limits", "cpu") or amount(resources, "requests", "cpu") or 1
    return Topology(sockets=sockets or 1, cores=cores or 1, threads=threads or 1)


def _cpu_features(domain: Document, architecture: str) -> tuple[CpuFeature, ...]:
    asked = doc.child(domain, "cpu")
    listed = tuple(
        CpuFeature(name=doc.text(each, "name"), policy=doc.text(each, "policy"))
        for each in doc.objects(asked, "features")
    )
    # A named model may promise mpx, which newer CPUs of the same name no longer have.
    settled = doc.text(asked, "model") in _HOST_MODELS or any(each.name == "mpx" for each in listed)
    if settled or architecture != "amd64" or doc.find(domain, "cpu") is None:
        return listed
    return (*listed, CpuFeature(name="mpx", policy="disable"))


def memory(domain: Document, notes: dict[str, str]) -> Memory:
    """Guest memory in bytes. Raises ``InvalidField`` when none is given."""
    resources = doc.child(domain, "resources")
    page = amount(domain, "memory", "hugepages", "pageSize")
    guest = (
        _whole_bytes(domain, "memory", "guest")
        or _whole_bytes(resources, "requests", "memory")
        or _whole_bytes(resources, "limits", "memory")
        or page
    )
    if not guest:
        raise InvalidField("spec.domain.memory.guest", "", "the guest's memory must be given")
    return Memory(
        guest=guest,
        max_guest=_whole_bytes(domain, "memory", "maxGuest"),
        hugepage_size=page,
        memfd=notes.get(_MEMFD) != "false",
    )


# --- firmware -------------------------------------------------------------------------------------


def firmware(vmi: Document, facts: TranslateFacts) -> Firmware:
    """UUID, boot loader, direct kernel boot and ACPI tables."""
    asked = doc.child(vmi, "spec", "domain", "firmware")
    return Firmware(
        uuid=doc.text(asked, "uuid"),
        serial=doc.text(asked, "serial"),
        bootloader=_bootloader(asked),
        kernel_boot=_kernel_boot(asked, facts),
        acpi_tables=_acpi_tables(vmi, facts),
    )


def _bootloader(asked: Document) -> Bios | Efi:
    efi = doc.find(asked, "bootloader", "efi")
    if isinstance(efi, dict):
        return Efi(
            secure_boot=doc.flag(efi, "secureBoot", default=True),
            persistent=doc.flag(efi, "persistent"),
        )
    return Bios(use_serial=doc.flag(asked, "bootloader", "bios", "useSerial"))


def _kernel_boot(asked: Document, facts: TranslateFacts) -> KernelBoot | None:
    boot = doc.find(asked, "kernelBoot")
    if not isinstance(boot, dict):
        return None
    kernel, initrd = (doc.text(boot, "container", name) for name in ("kernelPath", "initrdPath"))
    image = facts.boot_image
    if image is None and (kernel or initrd):
        # Never what the host has at such a path.
        path = "spec.domain.firmware.kernelBoot.container.image"
        reference = doc.text(boot, "container", "image")
        raise InvalidField(path, reference, "the image has not been resolved")
    if image is None or image == BootImage():  # nothing to boot, or only to be shown
        image = BootImage(kernel=kernel, initrd=initrd)
    return KernelBoot(
        kernel=image.kernel,
        initrd=image.initrd,
        kernel_name=PurePosixPath(kernel).name,
        initrd_name=PurePosixPath(initrd).name,
        args=doc.text(boot, "kernelArgs"),
    )


def _acpi_tables(vmi: Document, facts: TranslateFacts) -> tuple[AcpiTable, ...]:
    asked = doc.find(vmi, "spec", "domain", "firmware", "acpi")
    if not isinstance(asked, dict):
        return ()
    tables = []
    for kind in ("slic", "msdm"):
        volume = doc.text(asked, f"{kind}NameRef")
        if volume:
            secret = _secret_of(vmi, volume)
            content = facts.secrets.get(secret, {}).get(f"{kind}.bin", b"")
            tables.append(AcpiTable(kind=kind, volume=volume, content=content))
    if not tables:
        raise InvalidField(
            "spec.domain.firmware.acpi", "", "one of slicNameRef and msdmNameRef is required"
        )
    return tuple(tables)


def _secret_of(vmi: Document, volume: str) -> str:
    for each in doc.objects(vmi, "spec", "volumes"):
        if doc.text(each, "name") == volume and doc.find(each, "secret") is not None:
            return doc.text(each, "secret", "secretName")
    raise InvalidField(
        "spec.domain.firmware.acpi", volume, "must be the name of a volume with a secret"
    )


# --- features -------------------------------------------------------------------------------------


def features(domain: Document) -> Features:
    """What the guest is shown. Without ``features`` in the manifest there is no ACPI either."""
    asked = doc.find(domain, "features")
    if not isinstance(asked, dict):
        return Features(given=False, acpi=False)
    kvm = doc.find(asked, "kvm")
    passthrough = doc.find(asked, "hypervPassthrough")
    return Features(
        acpi=doc.flag(asked, "acpi", "enabled", default=True),
        apic=bool(_switch(asked, "apic")),
        smm=_switch(asked, "smm"),
        pvspinlock=_switch(asked, "pvspinlock"),
        kvm_hidden=doc.flag(kvm, "hidden") if isinstance(kvm, dict) else None,
        hyperv=_enlightenments(doc.find(asked, "hyperv")),
        hyperv_passthrough=isinstance(passthrough, dict)
        and doc.flag(passthrough, "enabled", default=True),
    )


def _switch(parent: Document, name: str) -> bool | None:
    """A feature that is on when named; None when it is not named."""
    found = doc.find(parent, name)
    return doc.flag(found, "enabled", default=True) if isinstance(found, dict) else None


# Names in the API and in libvirt.
_ENLIGHTENMENTS = {
    "relaxed": "relaxed",
    "vapic": "vapic",
    "spinlocks": "spinlocks",
    "vpindex": "vpindex",
    "runtime": "runtime",
    "synic": "synic",
    "synictimer": "stimer",
    "reset": "reset",
    "vendorid": "vendor_id",
    "frequencies": "frequencies",
    "reenlightenment": "reenlightenment",
    "tlbflush": "tlbflush",
    "ipi": "ipi",
    "evmcs": "evmcs",
}
_PARTS = {"synictimer": ("direct",), "tlbflush": ("direct", "extended")}


def _enlightenments(asked: JsonValue) -> tuple[Enlightenment, ...] | None:
    if not isinstance(asked, dict):
        return None
    return tuple(
        _enlightenment(key, name, doc.child(asked, key))
        for key, name in _ENLIGHTENMENTS.items()
        if doc.find(asked, key) is not None
    )


def _enlightenment(key: str, name: str, asked: Document) -> Enlightenment:
    value = ""
    if key == "spinlocks":
        retries = doc.find(asked, "spinlocks")
        value = "" if retries is None else str(retries)
    elif key == "vendorid":
        value = doc.text(asked, "vendorid")
    parts = {part: on for part in _PARTS.get(key, ()) if (on := _switch(asked, part)) is not None}
    return Enlightenment(
        name=name,
        enabled=doc.flag(asked, "enabled", default=True),
        value=value,
        parts=parts,
    )
