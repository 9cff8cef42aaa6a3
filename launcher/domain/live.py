"""Changes of a running domain, as the XML that libvirt is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from launcher.domain.element import Element, element, parse, render
from launcher.errors import SpecError
from launcher.spec import Memory, Topology

USER_ALIAS = "ua-"
"""libvirt's prefix of aliases that were given, not made."""

MEMORY_ALIAS = f"{USER_ALIAS}virtiomem"
_MEBIBYTE = 1 << 20
_BLOCK = 2 * _MEBIBYTE


def alias_of(name: str) -> str:
    """The alias of a disk or NIC that users call ``name``."""
    return f"{USER_ALIAS}{name}"


def find(devices: Iterable[Element], name: str) -> Element | None:
    """The device that users call ``name``."""
    wanted = alias_of(name)
    for device in devices:
        alias = device.find("alias")
        if alias is not None and alias.get("name") == wanted:
            return device
    return None


def with_link(domain: str, name: str, *, up: bool) -> str:
    """The NIC of a running domain with its cable plugged in or out.

    Raises ``SpecError`` when the domain has no such NIC.
    """
    devices = parse(domain).find("devices")
    nic = find(devices.all("interface") if devices else (), name)
    if nic is None:
        raise SpecError(f"interfaces[{name}]", "the running machine has no such NIC")
    others = tuple(child for child in nic.children if child.tag != "link")
    link = element("link", {"state": "up" if up else "down"})
    return render(nic.with_children((*others, link)))


def with_medium(domain: str, name: str, path: str) -> str:
    """The CD drive of a running domain with another medium, a raw file; without one for no path.

    Raises ``SpecError`` when the domain has no such drive.
    """
    devices = parse(domain).find("devices")
    drive = find(devices.all("disk") if devices else (), name)
    if drive is None or drive.get("device") != "cdrom":
        raise SpecError(f"disks[{name}]", "the running machine has no such drive")
    others = tuple(child for child in drive.children if child.tag not in {"source", "backingStore"})
    source = (element("source", {"file": path}),) if path else ()
    kept = tuple((key, value) for key, value in drive.attributes if key != "type")
    return render(Element(drive.tag, (("type", "file"), *kept), (*source, *others)))


def sockets(domain: str) -> tuple[str, ...]:
    """Paths of the Unix sockets that QEMU has made for a running domain."""
    devices = parse(domain).find("devices")
    found = []
    for device in devices.children if devices else ():
        source, listen = device.find("source"), device.find("listen")
        if source is not None and source.get("mode") == "bind":
            found.append(source.get("path"))
        if listen is not None:
            found.append(listen.get("socket"))
    return tuple(path for path in found if path)


def more_memory(memory: Memory, size: int) -> str:
    """The device through which a guest has ``size`` bytes in all, as KubeVirt plugs it in.

    Raises ``SpecError`` for a size that this machine cannot have.
    """
    most = memory.guest if memory.max_guest is None else memory.max_guest
    field = "domain.memory.guest"
    block = max(_BLOCK, memory.hugepage_size or 0)
    if most == memory.guest:
        raise SpecError(field, "the machine has no room for more memory", "set memory.maxGuest")
    if not memory.guest <= size <= most:
        raise SpecError(field, f"`{size}` bytes is not between {memory.guest} and {most}")
    if (size - memory.guest) % block or (most - memory.guest) % block:
        raise SpecError(field, f"`{size}` bytes differs from what was there by no whole blocks")
    return render(
        element(
            "memory",
            {"model": "virtio-mem"},
            element(
                "target",
                None,
                element("size", {"unit": "b"}, text=most - memory.guest),
                element("node", text=0),
                element("block", {"unit": "b"}, text=block),
                element("requested", {"unit": "b"}, text=size - memory.guest),
            ),
            element("alias", {"name": MEMORY_ALIAS}),
        )
    )


def has_more_memory(domain: str) -> bool:
    """Whether a running domain has that device already."""
    devices = parse(domain).find("devices")
    return bool(
        devices and any(each.get("model") == "virtio-mem" for each in devices.all("memory"))
    )


def vcpus(topology: Topology, most: int, sockets: int) -> int:
    """How many CPUs so many sockets have. Raises ``SpecError`` when there is no room for them."""
    field = "domain.cpu.sockets"
    if not topology.sockets <= sockets <= max(most, topology.sockets):
        least, room = topology.sockets, max(most, topology.sockets)
        raise SpecError(field, f"`{sockets}` is not between {least} and {room}")
    return sockets * topology.cores * topology.threads


def accelerator(xml: str) -> str:
    """What runs a domain, by its XML: ``kvm`` or ``qemu``."""
    return parse(xml).get("type")
