"""Instancetypes and preferences out of the flags of ``create``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from virtctl.manifests.params import Params, parse_error, quantity
from virtctl.models.documents import Document

TOPOLOGIES = ("sockets", "cores", "threads", "spread", "any")
_OLD_TOPOLOGIES = ("preferSockets", "preferCores", "preferThreads", "preferSpread", "preferAny")
_POLICIES = ("auto", "shared")
_DEVICES = {"gpu": "gpus", "hostdevice": "hostDevices"}
_API = "instancetype.kubevirt.io/v1beta1"


@dataclass
class Place:
    """What an object is called and where: of the cluster, unless ``namespaced`` or put in one.

    Without a ``name`` it gets a random one; an empty one is left out.
    """

    name: str | None = None
    namespaced: bool = False
    namespace: str | None = None


@dataclass
class Size:
    """The flags of ``create instancetype``."""

    cpu: int
    memory: str
    devices: dict[str, list[str]] = field(default_factory=dict)
    """Values of ``--gpu`` and ``--hostdevice`` by the flag's name."""
    io_threads_policy: str | None = None


def instancetype(place: Place, size: Size, random: Callable[[], str]) -> Document:
    """An instancetype; ``random`` gives five characters for the name. Raises ``UsageError``."""
    if size.cpu == 0:
        raise parse_error("cpu", "cpu value must be greater than zero")
    spec: Document = {
        "cpu": {"guest": size.cpu},
        "memory": {"guest": quantity("memory", size.memory)},
    }
    for flag, values in size.devices.items():
        if values:
            spec[_DEVICES[flag]] = [_device(flag, value) for value in values]
    policy = size.io_threads_policy
    if policy is not None:
        if policy not in _POLICIES:
            raise parse_error(
                "iothreadspolicy", f"`{policy}` must be one of {', '.join(_POLICIES)}"
            )
        spec["ioThreadsPolicy"] = policy
    return _document(place, "Instancetype", spec, random)


@dataclass
class Taste:
    """The flags of ``create preference``; None is not given."""

    topology: str | None = None
    machine_type: str | None = None
    storage_class: str | None = None


def preference(place: Place, taste: Taste, random: Callable[[], str]) -> Document:
    """A preference; ``random`` gives five characters for the name. Raises ``UsageError``."""
    spec: Document = {}
    if taste.topology is not None:
        if taste.topology not in {*TOPOLOGIES, *_OLD_TOPOLOGIES}:
            raise parse_error(
                "cpu-topology", f"`{taste.topology}` must be one of {', '.join(TOPOLOGIES)}"
            )
        spec["cpu"] = {"preferredCPUTopology": taste.topology}
    if taste.machine_type is not None:
        spec["machine"] = _unless_empty("preferredMachineType", taste.machine_type)
    if taste.storage_class is not None:
        spec["volumes"] = _unless_empty("preferredStorageClassName", taste.storage_class)
    return _document(place, "Preference", spec, random)


def _document(place: Place, what: str, spec: Document, random: Callable[[], str]) -> Document:
    namespaced = place.namespaced or bool(place.namespace)
    prefix = what.lower() if namespaced else f"cluster{what.lower()}"
    name = f"{prefix}-{random()}" if place.name is None else place.name
    metadata = _unless_empty("name", name)
    if place.namespace:
        metadata["namespace"] = place.namespace
    kind = f"VirtualMachine{'' if namespaced else 'Cluster'}{what}"
    return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}


def _device(flag: str, value: str) -> Document:
    params = Params(flag, value, ("name", "devicename"))
    return {
        "name": params.needed("name"),
        "deviceName": params.needed("devicename", "deviceName must be specified"),
    }


def _unless_empty(field_name: str, value: str) -> Document:
    return {field_name: value} if value else {}
