"""The whole domain: an ordered list of configurators, and the order of what they make.

A configurator takes ``Inputs`` and returns elements; none knows another. Order within a tag is the
order here; order among tags is virt-launcher's, so that two domains can be compared by eye.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from launcher.domain import (
    consoles,
    controllers,
    disks,
    expanders,
    features,
    firmware,
    graphics,
    hostdevices,
    interfaces,
    iothreads,
    memory,
    peripherals,
    pinning,
    ports,
    processor,
    security,
    sharing,
)
from launcher.domain.element import Element, element, render
from launcher.domain.inputs import Inputs
from launcher.domain.wiring import PodWiring
from launcher.facts import HostFacts
from launcher.spec import MachineSpec

Configurator: TypeAlias = Callable[[Inputs], tuple[Element, ...]]

_QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"
_KUBEVIRT_NAMESPACE = "http://kubevirt.io"

# Order of children in what virt-launcher prints; a tag that is not here is a mistake of ours.
_DOMAIN_TAGS = """
    name uuid memory currentMemory maxMemory memoryBacking os sysinfo devices clock resource
    qemu:commandline metadata features cpu vcpu vcpus cputune numatune iothreads launchSecurity
    on_reboot iommufd
"""
_DEVICE_TAGS = """
    emulator interface channel hostdev panic controller video graphics memballoon disk input
    serial console watchdog rng filesystem redirdev sound tpm vsock memory iommu
"""
_DOMAIN_RANK = {tag: rank for rank, tag in enumerate(_DOMAIN_TAGS.split())}
_DEVICE_RANK = {tag: rank for rank, tag in enumerate(_DEVICE_TAGS.split())}

GENERAL: tuple[Configurator, ...] = (
    memory.size,
    memory.backing,
    firmware.operating_system,
    firmware.system_information,
    features.clock,
    features.features,
    processor.cpu,
    processor.count,
    pinning.cpu_tune,
    pinning.numa_tune,
    iothreads.total,
    security.launch_security,
    sharing.command_line,
)
DEVICES: tuple[Configurator, ...] = (
    processor.emulator,
    interfaces.interfaces,
    consoles.channels,
    hostdevices.host_devices,
    peripherals.panic,
    controllers.controllers,
    graphics.graphics,
    memory.balloon,
    disks.disks,
    graphics.input_devices,
    consoles.console,
    peripherals.watchdog,
    peripherals.rng,
    sharing.filesystems,
    peripherals.usb_redirection,
    peripherals.sound,
    peripherals.tpm,
    peripherals.vsock,
)


def build_domain(
    spec: MachineSpec, facts: HostFacts | None = None, pod: PodWiring | None = None
) -> str:
    """libvirt's XML of a machine. Raises ``SpecError`` for what cannot be built."""
    return render(domain(Inputs(spec, facts or HostFacts(), pod or PodWiring())))


def domain(inputs: Inputs) -> Element:
    """The same, as an element."""
    spec = inputs.spec
    devices = sorted(_made(DEVICES, inputs), key=lambda each: _DEVICE_RANK[each.tag])
    children = (
        element("name", text=f"{spec.namespace}_{spec.name}"),
        element("devices", None, *devices),
        _metadata(),
        *_made(GENERAL, inputs),
        *_reboot(spec),
    )
    built = element(
        "domain",
        {"type": spec.accelerator.value, "xmlns:qemu": _QEMU_NAMESPACE},
        *sorted(children, key=lambda each: _DOMAIN_RANK[each.tag]),
    )
    built = expanders.place(built, inputs)
    placed = spec.pci.root_complex and not inputs.s390  # which has no PCI bus to sit on
    return ports.place_on_root_complex(built) if placed else built


def _made(configurators: tuple[Configurator, ...], inputs: Inputs) -> list[Element]:
    return [each for configure in configurators for each in configure(inputs)]


def _metadata() -> Element:
    """Who made the domain. The uid is empty here: the launcher knows whose domain it runs."""
    kubevirt = element("kubevirt", {"xmlns": _KUBEVIRT_NAMESPACE}, element("uid"))
    return element("metadata", None, kubevirt)


def _reboot(spec: MachineSpec) -> tuple[Element, ...]:
    actions = {"Terminate": "destroy", "Reboot": "restart"}
    action = actions.get(spec.reboot_policy)
    return (element("on_reboot", text=action),) if action else ()
