"""A machine's addresses merged from all that report some."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from ipaddress import ip_address

from virtctl.models.documents import Document, JsonValue, items, objects, text

_STATUS_ANNOTATION = "k8s.v1.cni.cncf.io/network-status"
_MASQUERADED = ("10.0.2.", "fd10:0:2:")


@dataclass
class Address:
    """One address. ``reachable`` is from outside; ``sources`` are instance, pod, agent, network."""

    address: str
    interface: str = ""
    mac: str = ""
    reachable: bool = True
    sources: list[str] = field(default_factory=list)

    def matches(self, family: str) -> bool:
        """Whether it is of ``family`` 4 or 6; empty takes both."""
        return not family or ip_address(self.address).version == int(family)

    def document(self) -> Document:
        """For ``-o json``."""
        return {
            "address": self.address,
            "use": "reach" if self.reachable else "guest",
            "interface": self.interface,
            "mac": self.mac,
            "sources": list(self.sources),
        }


def merge(vmi: Document, pod: Document) -> list[Address]:
    """Addresses of a VMI and its launcher pod, those to reach it at first, each once.

    The instance's status may hold what the guest agent says, the pod's what the network gave. With
    masquerade the agent's addresses mean something inside only.
    """
    found: dict[str, Address] = {}
    masqueraded = _masquerade_names(vmi)
    bridged = _is_bridged(vmi)
    for interface in objects(vmi, "status", "interfaces"):
        name = text(interface, "name")
        info = [part.strip() for part in text(interface, "infoSource").split(",") if part.strip()]
        for address in _addresses(interface):
            agent = "guest-agent" in info and "domain" not in info
            source = "agent" if agent else "instance"
            _note(found, Address(address, name, text(interface, "mac")), source)
    for address in _pod_addresses(pod):
        _note(found, Address(address, next(iter(masqueraded), "")), "pod")
    for network in _network_status(pod):
        for address in (str(ip) for ip in items(network, "ips")):
            _note(found, Address(address, "", text(network, "mac")), "network")
    found = {a: one for a, one in found.items() if not (bridged and _is_left_behind(one))}
    for one in found.values():
        inside = one.interface in masqueraded and one.address.startswith(_MASQUERADED)
        one.reachable = not inside and not ip_address(one.address).is_link_local
    _add_inside(found, masqueraded, vmi)
    return sorted(found.values(), key=lambda one: not one.reachable)


def _add_inside(found: dict[str, Address], masqueraded: dict[str, str], vmi: Document) -> None:
    """The guest's own address behind masquerade is known even without an agent."""
    networks = {text(n, "name"): n for n in objects(vmi, "spec", "networks")}
    for name, mac in masqueraded.items():
        cidr = text(networks.get(name, {}), "pod", "vmNetworkCIDR") or "10.0.2.0/24"
        guest = str(ip_address(cidr.split("/")[0]) + 2)
        _note(found, Address(guest, name, mac, reachable=False), "masquerade")
        found[guest].reachable = False


def _is_bridged(vmi: Document) -> bool:
    """Whether the guest took over the pod's address."""
    on_pod = {text(n, "name") for n in objects(vmi, "spec", "networks") if "pod" in n}
    return any(
        "bridge" in one and text(one, "name") in on_pod
        for one in objects(vmi, "spec", "domain", "devices", "interfaces")
    )


def _is_left_behind(one: Address) -> bool:
    """Whether an address stayed in the pod: the bridge binding hands out none of IPv6."""
    guest = "instance" in one.sources or "agent" in one.sources
    return "pod" in one.sources and not guest and ip_address(one.address).version == 6


def _masquerade_names(vmi: Document) -> dict[str, str]:
    return {
        text(one, "name"): text(one, "macAddress")
        for one in objects(vmi, "spec", "domain", "devices", "interfaces")
        if "masquerade" in one
    }


def _addresses(interface: Document) -> list[str]:
    listed = [str(a) for a in items(interface, "ipAddresses")] or [text(interface, "ipAddress")]
    return [_plain(a) for a in listed if _plain(a)]


def _plain(address: str) -> str:
    """Without a prefix length; empty for what is no address."""
    word = address.split("/", maxsplit=1)[0]
    try:
        return str(ip_address(word))
    except ValueError:
        return ""


def _pod_addresses(pod: Document) -> list[str]:
    listed = [text(one, "ip") for one in objects(pod, "status", "podIPs")]
    return [_plain(a) for a in listed or [text(pod, "status", "podIP")] if _plain(a)]


def _network_status(pod: Document) -> list[Document]:
    raw = text(pod, "metadata", "annotations", _STATUS_ANNOTATION)
    try:
        value: JsonValue = json.loads(raw) if raw else []
    except ValueError:
        return []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _note(found: dict[str, Address], one: Address, source: str) -> None:
    held = found.setdefault(one.address, one)
    held.interface = held.interface or one.interface
    held.mac = held.mac or one.mac
    if source not in held.sources:
        held.sources.append(source)
