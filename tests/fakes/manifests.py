"""Manifests for tests: an admitted VirtualMachineInstance, changed by path."""

from __future__ import annotations

from copy import deepcopy

from virtctl.models.documents import Document, JsonValue, put

_BARE: Document = {
    "apiVersion": "kubevirt.io/v1",
    "kind": "VirtualMachineInstance",
    "metadata": {"name": "web", "namespace": "shop", "uid": "11111111-2222-4333-8444-5"},
    "spec": {
        "architecture": "amd64",
        "domain": {
            "cpu": {"cores": 1, "sockets": 1, "threads": 1, "model": "host-model"},
            "memory": {"guest": "256Mi"},
            "machine": {"type": "q35"},
            "features": {"acpi": {"enabled": True}},
            "firmware": {"uuid": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"},
            "devices": {},
        },
    },
}


def instance(**changes: JsonValue) -> Document:
    """A bare instance; ``spec__domain__rng={}`` sets ``spec.domain.rng``."""
    made = deepcopy(_BARE)
    for path, value in changes.items():
        put(made, value, *path.split("__"))
    return made


def with_disk(volume: Document, disk: Document | None = None, **changes: JsonValue) -> Document:
    """An instance with one volume, named ``v``, and its disk."""
    made = instance(**changes)
    put(made, [{"name": "v", **volume}], "spec", "volumes")
    given = {"name": "v", **(disk or {"disk": {"bus": "virtio"}})}
    put(made, [given], "spec", "domain", "devices", "disks")
    return made


def with_nic(
    interface: Document | None = None, network: Document | None = None, **changes: JsonValue
) -> Document:
    """An instance with one NIC, named ``default``, and its network."""
    made = instance(**changes)
    put(made, [{"name": "default", **(network or {"pod": {}})}], "spec", "networks")
    given = {"name": "default", **({"masquerade": {}} if interface is None else interface)}
    put(made, [given], "spec", "domain", "devices", "interfaces")
    return made
