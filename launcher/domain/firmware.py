"""``<os>`` and ``<sysinfo>``: machine type, firmware, direct kernel boot, SMBIOS.

The domain has no ``<uuid>``: libvirt takes it from the SMBIOS system entry.
"""

from __future__ import annotations

from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.errors import SpecError
from launcher.layout import INSIDE_NVRAM, inside_kernel_boot, inside_secret
from launcher.spec import Bios, Chassis, Smbios

_BOOT_MENU_TIMEOUT = 10_000  # milliseconds; a paused start is for somebody who looks


def operating_system(inputs: Inputs) -> tuple[Element, ...]:
    """``<os>``."""
    spec = inputs.spec
    auto = _auto_selected(inputs)
    return (
        element(
            "os",
            {"firmware": "efi" if auto else None},
            _firmware_features() if auto else None,
            element(
                "type",
                {"arch": inputs.machine_architecture, "machine": spec.machine_type},
                text="hvm",
            ),
            _acpi(inputs),
            None if inputs.s390 else element("smbios", {"mode": "sysinfo"}),
            element("bootmenu", {"enable": "yes", "timeout": _BOOT_MENU_TIMEOUT})
            if spec.start_paused
            else None,
            _bios(inputs),
            *_loader(inputs),
            *_kernel_boot(inputs),
        ),
    )


def system_information(inputs: Inputs) -> tuple[Element, ...]:
    """``<sysinfo>``: what the guest reads as its maker and serial numbers."""
    firmware = inputs.spec.firmware
    entries = [element("entry", {"name": "uuid"}, text=firmware.uuid)] if firmware.uuid else []
    if firmware.serial:
        entries.append(element("entry", {"name": "serial"}, text=firmware.serial))
    if inputs.spec.smbios is not None:
        entries += _entries(inputs.spec.smbios)
    chassis = inputs.spec.chassis
    return (
        element(
            "sysinfo",
            {"type": "smbios"},
            element("system", None, *entries),
            element("bios"),
            element("baseBoard"),
            element("chassis", None, *(_entries(chassis) if chassis else ())),
        ),
    )


def _entries(group: Smbios | Chassis) -> list[Element]:
    return [
        element("entry", {"name": name}, text=getattr(group, name))
        for name in group.__struct_fields__
    ]


def _bios(inputs: Inputs) -> Element | None:
    loader = inputs.spec.firmware.bootloader
    if isinstance(loader, Bios) and loader.use_serial:
        return element("bios", {"useserial": "yes"})
    return None


def _acpi(inputs: Inputs) -> Element | None:
    tables = [
        element(
            "table",
            {"type": table.kind},
            text=str(inside_secret(table.volume, f"{table.kind}.bin")),
        )
        for table in inputs.spec.firmware.acpi_tables
    ]
    return element("acpi", None, *tables) if tables else None


def _kernel_boot(inputs: Inputs) -> tuple[Element, ...]:
    boot = inputs.spec.firmware.kernel_boot
    if boot is None:
        return ()
    files, names = (("kernel", boot.kernel), ("initrd", boot.initrd)), boot.shown
    found = [element(tag, text=str(inside_kernel_boot(names[file]))) for tag, file in files if file]
    return (*found, element("cmdline", text=boot.args)) if boot.args else tuple(found)


def _kind(inputs: Inputs) -> str:
    security = inputs.spec.launch_security
    return "" if security is None else security.kind


def _auto_selected(inputs: Inputs) -> bool:
    efi = inputs.efi
    plain = _kind(inputs) in {"", "pv"}  # the latter has no firmware of its own
    return bool(inputs.facts.efi.auto_selection and efi and efi.secure_boot and plain)


def _firmware_features() -> Element:
    names = ("secure-boot", "enrolled-keys")
    return element(
        "firmware", None, *(element("feature", {"enabled": "yes", "name": name}) for name in names)
    )


def _loader(inputs: Inputs) -> tuple[Element, ...]:
    efi = inputs.efi
    if efi is None:
        return ()
    place = inputs.facts.efi.variables or str(INSIDE_NVRAM)
    variables = f"{place}/{inputs.spec.name}_VARS.fd"
    if _auto_selected(inputs):
        return () if inputs.arm else (element("nvram", {"format": "raw"}, text=variables),)
    code, template = efi_files(inputs)
    secure = efi.secure_boot and _kind(inputs) != "tdx"
    loader = element(
        "loader",
        {
            "readonly": "yes",
            "secure": "yes" if secure else "no",
            "type": "pflash" if template else "rom",
        },
        text=code,
    )
    if not template:
        return (loader,)
    return (loader, element("nvram", {"template": template}, text=variables))


def efi_files(inputs: Inputs) -> tuple[str, str]:
    """Paths of the firmware and of its variables' template (empty: none is needed).

    Raises ``SpecError`` when the host lacks them.
    """
    efi, kind, host = inputs.efi, _kind(inputs), inputs.facts.efi
    secure = bool(efi and efi.secure_boot)
    for code, variables in _candidates(inputs, kind, secure=secure):
        if code in host.files and (not variables or variables in host.files):
            at = host.directory
            return f"{at}/{code}", f"{at}/{variables}" if variables else ""
    flags = {
        "SecureBoot": secure,
        "SEV/SEV-ES": kind in {"sev", "sev-es"},
        "SEV-SNP": kind == "sev-snp",
        "TDX": kind == "tdx",
    }
    said = ", ".join(f"{name}={'true' if on else 'false'}" for name, on in flags.items())
    raise SpecError(
        "domain.firmware.bootloader.efi",
        f"EFI OVMF roms missing for booting in EFI mode with {said}",
        f"install `ovmf`; looked in `{host.directory}`" if host.directory else "install `ovmf`",
    )


def _candidates(inputs: Inputs, kind: str, *, secure: bool) -> tuple[tuple[str, str], ...]:
    if secure and (inputs.arm or kind.startswith("sev")):
        return ()  # nobody signs images for these
    match kind:
        case "sev" | "sev-es":
            return (("OVMF_CODE.cc.fd", "OVMF_VARS.fd"),)
        case "sev-snp":
            return (("OVMF.amdsev.fd", ""),)
        case "tdx":
            return ((f"OVMF.inteltdx{'.secboot' if secure else ''}.fd", ""),)
        case _:
            pass
    if inputs.arm:
        return (("AAVMF_CODE.fd", "AAVMF_VARS.fd"),)
    pairs = _SECURE_PAIRS if secure else _PLAIN_PAIRS
    return tuple((f"OVMF_CODE{s}.fd", f"OVMF_VARS{v}.fd") for s, v in pairs)


# The second line of each is how Debian and Ubuntu name the same images.
_SECURE_PAIRS = ((".secboot", ".secboot"), ("_4M.ms", "_4M.ms"))
_PLAIN_PAIRS = ((".secboot", ""), ("", ""), ("_4M", "_4M"))
