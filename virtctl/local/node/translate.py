"""VirtualMachineInstance to ``MachineSpec``: the one place where Kubernetes terms become a machine.

Pure: what the manifest only names (images, claims, secrets) comes resolved in ``TranslateFacts``.
The manifest is taken as admitted, with all defaults filled in. What we cannot do yet is refused
by the name of the field, never ignored.
"""

from __future__ import annotations

import re

from msgspec import structs

from launcher.spec import (
    Chassis,
    Clock,
    Graphics,
    InputDevice,
    IoThreads,
    MachineSpec,
    PciPlacement,
    Smbios,
    Sound,
    Timer,
    Watchdog,
)
from virtctl.errors import InvalidField
from virtctl.local.node import translate_compute as compute
from virtctl.local.node import translate_credentials as credentials
from virtctl.local.node import translate_devices as devices
from virtctl.local.node import translate_disks as volumes
from virtctl.local.node import translate_nics as nics
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate_limits import limits
from virtctl.local.node.translate_sharing import shared_directories
from virtctl.models import documents as doc
from virtctl.models.documents import Document

_ROOT_COMPLEX = "kubevirt.io/placePCIDevicesOnRootComplex"
_HOLE64 = "kubevirt.io/disablePCIHole64"
_SLOTS = "kubevirt.io/pci-interface-slot-count"
_IGNITION = "kubevirt.io/ignitiondata"
_INSTANCE_TYPES = ("kubevirt.io/cluster-instancetype-name", "kubevirt.io/instancetype-name")
_PORTED = frozenset({"amd64", "arm64"})
_HOSTNAME_LIMIT = 63  # RFC 1035, section 2.3.4
_DEFAULT_GRACE = 30  # seconds
_DEFAULT_STATS_PERIOD = 10  # seconds

__all__ = ["hostname", "translate"]


def translate(vmi: Document, facts: TranslateFacts) -> MachineSpec:
    """The machine of an admitted VirtualMachineInstance.

    Raises ``InvalidField`` with the field's path for what is missing or not implemented.
    """
    spec = doc.child(vmi, "spec")
    domain = doc.child(spec, "domain")
    peripherals = doc.child(domain, "devices")
    notes = doc.strings(vmi, "metadata", "annotations")
    architecture = doc.text(spec, "architecture", default="amd64")
    cpu = compute.cpu(domain, notes, architecture)
    return MachineSpec(
        name=doc.name_of(vmi),
        namespace=doc.namespace_of(vmi) or "default",
        uid=doc.uid_of(vmi),
        hostname=hostname(vmi),
        subdomain=doc.text(spec, "subdomain"),
        architecture=architecture,
        machine_type=_machine_type(domain, architecture),
        accelerator=facts.accelerator,
        cpu=cpu,
        memory=compute.memory(domain, notes),
        firmware=compute.firmware(vmi, facts),
        features=compute.features(domain),
        clock=_clock(vmi),
        disks=volumes.disks(vmi, facts),
        nics=nics.nics(vmi, facts, cpu.topology.count),
        pod=nics.pod_options(vmi, facts),
        graphics=Graphics(
            vnc=doc.flag(peripherals, "autoattachGraphicsDevice", default=True),
            video=doc.text(peripherals, "video", "type"),
        ),
        inputs=_inputs(peripherals),
        serial_console=doc.flag(peripherals, "autoattachSerialConsole", default=True),
        serial_log=_serial_log(peripherals, facts),
        rng=doc.find(peripherals, "rng") is not None,
        balloon=doc.flag(peripherals, "autoattachMemBalloon", default=True),
        firmware_log=facts.verbose_firmware,
        balloon_stats_period=doc.integer(
            facts.config, "memBalloonStatsPeriod", default=_DEFAULT_STATS_PERIOD
        ),
        watchdog=_watchdog(peripherals, architecture),
        tpm=_tpm(peripherals),
        sound=_sound(peripherals),
        panic_devices=tuple(
            doc.text(each, "model") for each in doc.objects(peripherals, "panicDevices")
        ),
        host_devices=devices.host_devices(vmi, facts),
        shared_directories=shared_directories(vmi, facts),
        launch_security=devices.launch_security(vmi, architecture),
        io_threads=_io_threads(domain),
        usb_redirection=doc.find(peripherals, "clientPassthrough") is not None,
        vsock_cid=doc.integer(vmi, "status", "VSOCKCID") or None,
        downward_metrics=doc.find(peripherals, "downwardMetrics") is not None,
        scsi_hotplug=not doc.flag(peripherals, "disableHotplug"),
        pci=structs.replace(
            _placement(domain, notes, architecture),
            numa_aware=_gate(facts, "PCINUMAAwareTopology"),
        ),
        smbios=_smbios(facts),
        chassis=_chassis(domain),
        free_page_reporting=_free_page_reporting(domain, notes, facts),
        bochs_for_efi=not _gate(facts, "VGADisplayForEFIGuests"),
        ignition=_ignition(notes),
        ssh_keys=credentials.ssh_keys(spec, facts),
        passwords=credentials.passwords(spec, facts),
        resolver=facts.resolver,
        limits=limits(vmi, facts.config),
        state_directory=facts.state_directory,
        grace_period_seconds=doc.integer(
            spec, "terminationGracePeriodSeconds", default=_DEFAULT_GRACE
        ),
        start_paused=doc.text(spec, "startStrategy") == "Paused",
        reboot_policy=doc.text(domain, "rebootPolicy"),
        virtio_transitional=doc.flag(peripherals, "useVirtioTransitional"),
        block_multi_queue=doc.flag(peripherals, "blockMultiQueue"),
        instance_type=next((notes[key] for key in _INSTANCE_TYPES if notes.get(key)), ""),
    )


def hostname(vmi: Document) -> str:
    """The guest's host name: as asked for, else the first label of the machine's name."""
    asked = doc.text(vmi, "spec", "hostname")
    return asked or doc.name_of(vmi).partition(".")[0][:_HOSTNAME_LIMIT]


def _machine_type(domain: Document, architecture: str) -> str:
    usual = {"amd64": "q35", "arm64": "virt", "s390x": "s390-ccw-virtio"}
    if architecture not in usual:
        raise InvalidField(
            "spec.architecture", architecture, f"must be one of {', '.join(sorted(usual))}"
        )
    return doc.text(domain, "machine", "type") or usual[architecture]


def _gate(facts: TranslateFacts, name: str) -> bool:
    return name in doc.items(facts.config, "developerConfiguration", "featureGates")


def _inputs(peripherals: Document) -> tuple[InputDevice, ...]:
    return tuple(
        InputDevice(
            name=doc.text(each, "name"),
            bus=doc.text(each, "bus"),
            type=doc.text(each, "type", default="tablet"),
        )
        for each in doc.objects(peripherals, "inputs")
    )


def _serial_log(peripherals: Document, facts: TranslateFacts) -> bool:
    asked = doc.find(peripherals, "logSerialConsole")
    if asked is not None:
        return bool(asked)
    options = doc.child(facts.config, "virtualMachineOptions")
    return doc.find(options, "disableSerialConsoleLog") is None


def _watchdog(peripherals: Document, architecture: str) -> Watchdog | None:
    asked = doc.child(peripherals, "watchdog")
    if not asked:
        return None
    model = "diag288" if architecture == "s390x" else "i6300esb"
    name = doc.text(asked, "name")
    if architecture != "arm64" and doc.find(asked, model) is None:
        problem = f"watchdog {name} can't be mapped, no watchdog type specified"
        raise InvalidField(f"spec.domain.devices.watchdog.{model}", name, problem)
    return Watchdog(name=name, action=doc.text(asked, model, "action", default="reset"))


def _tpm(peripherals: Document) -> str:
    asked = doc.find(peripherals, "tpm")
    if not isinstance(asked, dict) or not doc.flag(asked, "enabled", default=True):
        return ""
    return "persistent" if doc.flag(asked, "persistent") else "ephemeral"


def _sound(peripherals: Document) -> Sound | None:
    asked = doc.find(peripherals, "sound")
    if not isinstance(asked, dict):
        return None
    return Sound(name=doc.text(asked, "name"), model=doc.text(asked, "model") or "ich9")


def _io_threads(domain: Document) -> IoThreads:
    cpu = doc.child(domain, "cpu")
    alone = doc.flag(cpu, "dedicatedCpuPlacement") and doc.flag(cpu, "isolateEmulatorThread")
    return IoThreads(
        policy=doc.text(domain, "ioThreadsPolicy"),
        limit=1 if alone else 2 * compute.cpu_quantity(domain),
        pool=doc.integer(domain, "ioThreads", "supplementalPoolThreadCount"),
    )


def _placement(domain: Document, notes: dict[str, str], architecture: str) -> PciPlacement:
    peripherals = doc.child(domain, "devices")
    slots = notes.get(_SLOTS)
    if not _has_ports(_machine_type(domain, architecture), architecture):
        slots = None  # nobody reads it
    if slots is not None and not re.fullmatch(r"[+-]?[0-9]+", slots):
        raise InvalidField(f"metadata.annotations[{_SLOTS}]", slots, "must be a whole number")
    return PciPlacement(
        hotplug=not doc.flag(peripherals, "disableHotplug"),
        root_complex=notes.get(_ROOT_COMPLEX) == "true",
        hole64_disabled=notes.get(_HOLE64, "").lower() == "true",
        slots=None if slots is None else int(slots),
    )


def _has_ports(machine_type: str, architecture: str) -> bool:
    """Whether devices sit on PCIe ports, of which some can be kept free."""
    express = "q35" in machine_type or machine_type.startswith("virt")
    return express and architecture in _PORTED


def _smbios(facts: TranslateFacts) -> Smbios:
    asked = doc.find(facts.config, "smbios")
    if not isinstance(asked, dict):
        return Smbios()
    names = Smbios.__struct_fields__
    return Smbios(**{name: doc.text(asked, name) for name in names})


def _chassis(domain: Document) -> Chassis | None:
    asked = doc.find(domain, "chassis")
    if not isinstance(asked, dict):
        return None
    return Chassis(**{name: doc.text(asked, name) for name in Chassis.__struct_fields__})


def _free_page_reporting(domain: Document, notes: dict[str, str], facts: TranslateFacts) -> bool:
    """Off for guests that own their CPUs or huge pages: reporting costs them time."""
    options = doc.child(facts.config, "virtualMachineOptions")
    cpu = doc.child(domain, "cpu")
    own_cpus = doc.flag(cpu, "dedicatedCpuPlacement") or doc.flag(cpu, "isolateEmulatorThread")
    return not (
        doc.find(options, "disableFreePageReporting") is not None
        or notes.get("kubevirt.io/free-page-reporting-disabled") == "true"
        or own_cpus
        or doc.find(cpu, "realtime") is not None
        or doc.find(domain, "memory", "hugepages") is not None
    )


def _ignition(notes: dict[str, str]) -> str:
    data = notes.get(_IGNITION, "")
    return data if "ignition" in data else ""


# --- clock ----------------------------------------------------------------------------------------

_TIMER_NAMES = {
    "rtc": "rtc",
    "pit": "pit",
    "kvm": "kvmclock",
    "hpet": "hpet",
    "hyperv": "hypervclock",
}


def _clock(vmi: Document) -> Clock | None:
    domain = doc.child(vmi, "spec", "domain")
    asked = doc.find(domain, "clock")
    frequency = doc.integer(vmi, "status", "topologyHints", "tscFrequency")
    tsc = (Timer(name="tsc", frequency=frequency),) if frequency and _needs_tsc(domain) else ()
    if not isinstance(asked, dict):
        return Clock(timers=tsc) if tsc else None
    timers = tuple(
        Timer(
            name=name,
            tick_policy=doc.text(asked, "timer", key, "tickPolicy"),
            present=doc.flag(asked, "timer", key, "present", default=True),
            track=doc.text(asked, "timer", key, "track"),
        )
        for key, name in _TIMER_NAMES.items()
        if doc.find(asked, "timer", key) is not None
    )
    offset = doc.find(asked, "utc", "offsetSeconds")
    return Clock(
        utc=doc.find(asked, "utc") is not None,
        timezone=doc.text(asked, "timezone"),
        offset_seconds=offset if isinstance(offset, int) else None,
        timers=(*timers, *tsc),
    )


def _needs_tsc(domain: Document) -> bool:
    """Whether the guest trusts the TSC, so that its frequency must not change by migration."""
    wanted = any(
        doc.text(each, "name") == "invtsc" and doc.text(each, "policy") in {"require", "force"}
        for each in doc.objects(domain, "cpu", "features")
    )
    hyperv = doc.child(domain, "features", "hyperv")
    enlightened = doc.find(hyperv, "reenlightenment") is not None and doc.flag(
        hyperv, "reenlightenment", "enabled", default=True
    )
    return wanted or enlightened
