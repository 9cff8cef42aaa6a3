"""Virtual CPUs: model, features, topology, and room for CPUs that come later."""

from __future__ import annotations

from launcher.domain import pinning
from launcher.domain.element import Element, element
from launcher.domain.inputs import Inputs
from launcher.spec import Accelerator

_HOST_MODELS = ("host-model", "host-passthrough")
_EMULATOR = "/usr/bin/qemu-system-"
_FOREIGN = "max"  # of another architecture's CPU, whatever the emulator has


def emulator(inputs: Inputs) -> tuple[Element, ...]:
    """``<emulator>`` of a foreign CPU; the host's own is libvirt's to find."""
    if not inputs.foreign:
        return ()
    return (element("emulator", text=f"{_EMULATOR}{inputs.machine_architecture}"),)


def cpu(inputs: Inputs) -> tuple[Element, ...]:
    """``<cpu>``.

    An emulated CPU cannot be the host's, so that host models become ``maximum``: all that the
    emulator offers. virt-launcher leaves the host's model and lets libvirt fail or fake it.
    """
    asked = inputs.spec.cpu
    model = asked.model or "host-model"
    if inputs.foreign and model in _HOST_MODELS:
        model = _FOREIGN
    emulated = inputs.spec.accelerator is Accelerator.TCG and not inputs.facts.kvm_usable
    custom = model not in _HOST_MODELS
    mode = "custom" if custom else model
    topology = asked.topology
    return (
        element(
            "cpu",
            {"mode": "maximum" if emulated and not custom else mode},
            element("model", text=model) if custom else None,
            *_features(inputs),
            element(
                "topology",
                {"sockets": inputs.sockets, "cores": topology.cores, "threads": topology.threads},
            ),
            _numa(inputs),
        ),
    )


def _features(inputs: Inputs) -> list[Element]:
    return [
        element("feature", {"name": feature.name, "policy": feature.policy or None})
        for feature in inputs.spec.cpu.features
    ]


def _numa(inputs: Inputs) -> Element | None:
    """The host's cells when asked; else one for all, which libvirt wants for shared memory."""
    if inputs.spec.cpu.numa_passthrough:
        return pinning.numa_cells(inputs)
    if not inputs.memfd or inputs.spec.cpu.own_numa:
        return None
    cell: dict[str, str | int | None] = {
        "id": 0,
        "cpus": f"0-{inputs.vcpus_at_most - 1}",
        "memory": inputs.spec.memory.guest // 1024,
        "unit": "KiB",
    }
    return element("numa", None, element("cell", cell))


def count(inputs: Inputs) -> tuple[Element, ...]:
    """``<vcpu>``, and ``<vcpus>`` when CPUs may be plugged in later."""
    whole = element("vcpu", {"placement": "static"}, text=inputs.vcpus_at_most)
    if not inputs.plugs_cpus:
        return (whole,)
    topology = inputs.spec.cpu.topology
    fixed = topology.cores * topology.threads
    each = (
        element(
            "vcpu",
            {
                "id": number,
                "enabled": "yes" if number < inputs.vcpus else "no",
                "hotpluggable": "no" if number < fixed else "yes",
            },
        )
        for number in range(inputs.vcpus_at_most)
    )
    return (whole, element("vcpus", None, *each))
