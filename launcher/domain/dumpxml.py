"""A running domain's XML to what a machine's state says of it: the other way of the builder."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from launcher.layout import inside_hotplugged
from launcher.state import DiskState

_USER_ALIAS = "ua-"  # libvirt's prefix of aliases that were given, not made
_HOTPLUGGED = f"{inside_hotplugged('', block=True)}/"


@dataclass(frozen=True, kw_only=True)
class DomainNic:
    """A NIC of a domain; ``name`` is the one in the machine's spec."""

    name: str
    mac: str
    queues: int = 1
    link_up: bool = True


@dataclass(frozen=True, kw_only=True)
class ObservedDomain:
    """What libvirt made of a domain: its machine type in full, addresses that it chose."""

    machine_type: str
    nics: tuple[DomainNic, ...]
    disks: tuple[DiskState, ...]
    vcpus: int = 0
    memory: int = 0  # bytes that the guest has been given


def parse_domain(xml: str) -> ObservedDomain:
    """Read libvirt's XML of a domain."""
    root = ET.fromstring(xml)  # noqa: S314 - libvirt's own output
    kind = root.find("os/type")
    return ObservedDomain(
        machine_type=kind.get("machine", "") if kind is not None else "",
        nics=tuple(_nic(each) for each in root.iterfind("devices/interface")),
        disks=tuple(
            DiskState(
                name=_name(each),
                target=_attribute(each, "target", "dev"),
                hotplugged=_data(each).startswith(_HOTPLUGGED),
                empty=each.get("device") == "cdrom" and not _source(each),
                tracked=each.find("source/dataStore") is not None,
            )
            for each in root.iterfind("devices/disk")
        ),
        vcpus=_vcpus(root.find("vcpu")),
        memory=_memory(root),
    )


def _vcpus(vcpu: ET.Element | None) -> int:
    return int(vcpu.get("current") or vcpu.text or 0) if vcpu is not None else 0


def _memory(root: ET.Element) -> int:
    """What was there at boot, and as much of devices of memory as the guest has taken."""
    devices = root.findall("devices/memory/target")
    later = sum(_bytes(each.find("size")) for each in devices)
    return (
        _bytes(root.find("memory")) - later + sum(_bytes(each.find("current")) for each in devices)
    )


_UNITS = {"b": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def _bytes(size: ET.Element | None) -> int:
    return int(size.text or 0) * _UNITS[size.get("unit", "KiB")] if size is not None else 0


def _nic(interface: ET.Element) -> DomainNic:
    return DomainNic(
        name=_name(interface),
        mac=_attribute(interface, "mac", "address"),
        queues=int(_attribute(interface, "driver", "queues") or 1),
        link_up=_attribute(interface, "link", "state") != "down",
    )


def _source(disk: ET.Element) -> str:
    return _attribute(disk, "source", "file") or _attribute(disk, "source", "dev")


def _data(disk: ET.Element) -> str:
    """Where a disk's data is, if an overlay keeps track of its changes."""
    store = disk.find("source/dataStore")
    return _source(store if store is not None else disk)


def _name(device: ET.Element) -> str:
    return _attribute(device, "alias", "name").removeprefix(_USER_ALIAS)


def _attribute(device: ET.Element, child: str, name: str) -> str:
    found = device.find(child)
    return found.get(name, "") if found is not None else ""
