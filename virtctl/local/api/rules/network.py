"""Rules of interfaces and networks: launcher-network.md section 15."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import duplicate, invalid, not_supported, required
from virtctl.local.api.rules.networkclaims import network_claim_causes
from virtctl.local.networks.linknames import is_primary
from virtctl.models import documents
from virtctl.models.documents import Document

MODELS = frozenset({"e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio"})
_BINDINGS = ("bridge", "masquerade", "passtBinding", "sriov", "binding")
_BRIDGE_MAC = "02:00:00:00:00:00"  # of the bridge to which masqueraded guests are plugged
_RETIRED = (
    ("slirp", "Slirp interface support"),
    ("passt", "Passt network binding"),
    ("macvtap", "Macvtap network binding"),
)
_NETWORK_SOURCES = ("pod", "multus", "resourceClaim")
_CIDRS = {"vmNetworkCIDR": 4, "vmIPv6NetworkCIDR": 6}
_HOST_BITS = 2
_STATES = frozenset({"", "up", "down", "absent"})
_NAME = re.compile(r"[A-Za-z0-9-_]+")
_NAME_PROBLEM = (
    "name can only contain alphabetical characters, numbers, dashes (-) or underscores (_)"
)
_MAC = re.compile(
    r"[0-9a-f]{2}((:[0-9a-f]{2})+|(-[0-9a-f]{2})+)|[0-9a-f]{4}(\.[0-9a-f]{4})+", re.IGNORECASE
)
_MAC_SIZES = frozenset({6, 8, 20})
_PCI_ADDRESS = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]")
_PRIVATE_OPTIONS = range(224, 255)
_RANGES, _PORTS = 10, 65536


def network_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with networks, interfaces and their pairing; in the order of KubeVirt."""
    networks = list(documents.objects(spec, "networks"))
    interfaces = list(documents.objects(spec, "domain", "devices", "interfaces"))
    by_name = {documents.text(network, "name"): network for network in networks}
    yield from _single_causes(networks, path)
    yield from _source_causes(networks, path)
    yield from _range_causes(networks, path, context)
    each = [
        (interface, f"{path}.domain.devices.interfaces[{position}]")
        for position, interface in enumerate(interfaces)
    ]
    primary = next((documents.text(one, "name") for one in networks if is_primary(one)), None)
    for interface, field in each:
        is_default = documents.text(interface, "name") == primary
        yield from _state_causes(interface, f"{field}.state", is_default=is_default)
    for interface, field in each:
        network = by_name.get(documents.text(interface, "name"))
        yield from _binding_causes(interface, network, field, context)
    yield from _unique_name_causes(networks, path)
    yield from network_claim_causes(spec, path, context)
    yield from _pairing_causes(networks, each, path)
    for interface, field in each:
        network = by_name.get(documents.text(interface, "name"))
        yield from _interface_causes(interface, network, field, context)
        yield from _dhcp_causes(documents.child(interface, "dhcpOptions"), field, path)


def _single_causes(networks: list[Document], path: str) -> Iterator[Cause]:
    """There is one default network at most."""
    on_pod = sum("pod" in network for network in networks)
    if on_pod > 1:
        yield duplicate(
            f"{path}.interfaces",
            f"more than one interface is connected to a pod network in {path}.interfaces",
        )
    defaults = sum(documents.flag(network, "multus", "default") for network in networks)
    field = f"{path}.networks"
    if defaults > 1:
        yield invalid(field, "Multus CNI should only have one default network")
    if defaults and on_pod:
        yield invalid(field, "Pod network cannot be defined when Multus default network is defined")


def _source_causes(networks: list[Document], path: str) -> Iterator[Cause]:
    """Each network has one source; of those of Multus without a name the first is told."""
    for position, network in enumerate(networks):
        field = f"{path}.networks[{position}]"
        sources = [source for source in _NETWORK_SOURCES if network.get(source) is not None]
        if not sources:
            yield required(field, "should have a network type")
        elif len(sources) > 1:
            yield required(field, "should have only one network type")
    for position, network in enumerate(networks):
        if "multus" in network and not documents.text(network, "multus", "networkName"):
            problem = "CNI delegating plugin must have a networkName"
            yield required(f"{path}.networks[{position}]", problem)
            return


def _unique_name_causes(networks: list[Document], path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for position, network in enumerate(networks):
        name = documents.text(network, "name")
        if name in seen:
            yield duplicate(
                f"{path}.networks[{position}].name",
                f'Network with name "{name}" already exists, every network must have a unique name',
            )
        seen.add(name)


def _pairing_causes(
    networks: list[Document], interfaces: list[tuple[Document, str]], path: str
) -> Iterator[Cause]:
    """Networks and interfaces go together in pairs."""
    known = {documents.text(network, "name") for network in networks}
    used = {documents.text(interface, "name") for interface, _ in interfaces}
    for position, network in enumerate(networks):
        name, field = documents.text(network, "name"), f"{path}.networks[{position}].name"
        if name not in used:
            yield required(field, f"{field} '{name}' not found.")
    seen: set[str] = set()
    for interface, field in interfaces:
        name = documents.text(interface, "name")
        if name in seen:
            problem = "Only one interface can be connected to one specific network"
            yield duplicate(f"{field}.name", problem)
        seen.add(name)
    for interface, field in interfaces:
        name = documents.text(interface, "name")
        if name not in known:
            yield invalid(f"{field}.name", f"{field}.name '{name}' not found.")


def _range_causes(
    networks: list[Document], path: str, context: AdmissionContext
) -> Iterator[Cause]:
    for position, network in enumerate(networks):
        for key, version in _CIDRS.items():
            cidr = documents.text(network, "pod", key)
            if cidr:
                field = f"{path}.networks[{position}].pod.{key}"
                yield from _cidr_causes(cidr, field, version, context)


def _cidr_causes(cidr: str, field: str, version: int, context: AdmissionContext) -> Iterator[Cause]:
    """A network of the guest's own holds its gateway and itself, beside its two outer addresses.

    virt-handler finds out when it wires the pod; here nothing is made of such a machine. What is no
    network at all is let in with a warning, as KubeVirt lets it in: the pod's wiring says why.
    """
    try:
        found = ipaddress.ip_interface(cidr).network
    except ValueError:
        found = None
    if found is None or found.version != version or "/" not in cidr:
        problem = f"{field} `{cidr}` is no CIDR of IPv{version}, such as `10.0.2.0/24`"
        if problem not in context.warnings:
            context.warnings.append(problem)
    elif found.max_prefixlen - found.prefixlen < _HOST_BITS:
        yield invalid(
            field,
            f"{field} `{cidr}` is too small, at least 2 host addresses are required; use a prefix "
            f"of at most {found.max_prefixlen - _HOST_BITS}",
        )


def _binding_causes(
    interface: Document, network: Document | None, field: str, context: AdmissionContext
) -> Iterator[Cause]:
    on_pod = network is not None and "pod" in network
    chosen = [name for name in _BINDINGS if interface.get(name) is not None]
    name = documents.text(interface, "name")
    if len(chosen) != 1:
        yield invalid(
            field,
            f"logical {name} interface must have exactly one binding method or binding plugin",
        )
    if "masquerade" in chosen and not on_pod:
        yield invalid(f"{field}.name", "Masquerade interface only implemented with pod network")
    if "masquerade" in chosen and documents.text(interface, "macAddress") == _BRIDGE_MAC:
        yield invalid(
            f"{field}.macAddress",
            "The requested MAC address is reserved for the in-pod bridge. Please choose another "
            "one.",
        )
    if "bridge" in chosen and on_pod and not context.permits_bridge:
        yield invalid(
            f"{field}.name",
            "Bridge on pod network configuration is not enabled under kubevirt-config",
        )
    if "passtBinding" not in chosen:
        return
    if not context.has_gate("PasstBinding"):
        yield invalid(f"{field}.name", "PasstBinding feature gate is not enabled")
    if not on_pod:
        yield invalid(f"{field}.name", "PasstBinding interface only implemented with pod network")


def _state_causes(interface: Document, field: str, *, is_default: bool) -> Iterator[Cause]:
    """A NIC can be taken away when it is bridged, and no device of the host has a link of ours."""
    name, state = documents.text(interface, "name"), documents.text(interface, "state")
    if state not in _STATES:
        yield invalid(field, f"logical {name} interface state value is unsupported: {state}")
    shown = f'"{name}" interface\'s state "{state}" is'
    if interface.get("sriov") is not None and state in {"up", "down"}:
        yield invalid(field, f"{shown} not supported for SR-IOV NICs")
    if state == "absent" and interface.get("bridge") is None:
        yield invalid(field, f"{shown} supported only for bridge binding")
    if state == "absent" and is_default:
        yield invalid(field, f"{shown} not supported on default networks")


def retired_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Bindings that KubeVirt no longer has."""
    for position, interface in enumerate(
        documents.objects(spec, "domain", "devices", "interfaces")
    ):
        for name, shown in _RETIRED:
            if name in interface:
                field = f"{path}.domain.devices.interfaces[{position}].{name}"
                yield invalid(field, f"{shown} has been discontinued since v1.3")


def _interface_causes(
    interface: Document, network: Document | None, field: str, context: AdmissionContext
) -> Iterator[Cause]:
    name = documents.text(interface, "name")
    if not _NAME.fullmatch(name):
        yield invalid(f"{field}.name", f"Network interface {_NAME_PROBLEM}")
    model = documents.text(interface, "model")
    if model and model not in MODELS:
        yield not_supported(
            f"{field}.model", f"interface {field}.name uses model {model} that is not supported."
        )
    mac = documents.text(interface, "macAddress")
    if mac:
        yield from _mac_causes(mac, field)
    address = documents.text(interface, "pciAddress")
    if address and not _PCI_ADDRESS.fullmatch(address):
        yield invalid(
            f"{field}.pciAddress",
            f"interface {field}.name has malformed PCI address ({address}).",
        )
    on_pod = network is not None and "pod" in network
    if on_pod:
        yield from _port_causes(interface, field)
    if context.has_gate("PortRangesSpec"):
        yield from _port_range_causes(interface, field) if on_pod else ()
    elif documents.items(interface, "portRanges"):
        yield invalid(
            f"{field}.name",
            "portRanges is specified on interface but the PortRangesSpec feature gate is not "
            "enabled",
        )


def is_mac(text: str) -> bool:
    """Whether ``text`` is the address of an Ethernet link."""
    return bool(_MAC.fullmatch(text)) and _octets(text) == min(_MAC_SIZES)


def _octets(mac: str) -> int:
    return len(re.sub("[:.-]", "", mac)) // 2


def _mac_causes(mac: str, field: str) -> Iterator[Cause]:
    octets = _octets(mac)
    if not _MAC.fullmatch(mac) or octets not in _MAC_SIZES:
        yield invalid(
            f"{field}.macAddress", f"interface {field}.name has malformed MAC address ({mac})."
        )
    elif octets > 6:
        yield invalid(
            f"{field}.macAddress", f"interface {field}.name has too long MAC address ({mac})."
        )


def _port_range_causes(interface: Document, field: str) -> Iterator[Cause]:
    ranges = list(documents.objects(interface, "portRanges"))
    if not ranges:
        return
    if interface.get("ports") is not None:
        yield invalid(f"{field}.name", "Cannot define both ports and portRanges on interface")
    if interface.get("masquerade") is None:
        yield invalid(f"{field}.name", "portRanges are only supported on masquerade interfaces")
    where = f"{field}.portRanges"
    if len(ranges) > _RANGES:
        yield invalid(where, f"No more than {_RANGES} portRanges are allowed")
        return
    sound: dict[str, list[tuple[int, int]]] = {}
    for position, each in enumerate(ranges):
        wrong = _range_problem(each)
        if wrong:
            yield invalid(f"{where}[{position}].{wrong[0]}", wrong[1])
        else:
            ends = documents.integer(each, "start"), documents.integer(each, "end")
            sound.setdefault(documents.text(each, "protocol"), []).append(ends)
    for protocol, found in sound.items():
        for before, after in pairwise(sorted(found)):
            if after[0] <= before[1]:
                shown = f"[{before[0]}-{before[1]}] and [{after[0]}-{after[1]}]"
                yield invalid(where, f"{protocol} portRanges {shown} overlap")


def _range_problem(ports: Document) -> tuple[str, str] | None:
    """Field and message of what is wrong with one range."""
    start, end = documents.integer(ports, "start"), documents.integer(ports, "end")
    if documents.text(ports, "protocol") not in {"TCP", "UDP"}:
        return "protocol", "Unknown protocol, only TCP or UDP allowed"
    if not 0 < start < _PORTS:
        return "start", "Start must be a valid port number, 0 < x < 65536"
    if not 0 < end < _PORTS:
        return "end", "End must be a valid port number, 0 < x < 65536"
    return ("start", "Start must be less than or equal to end") if start > end else None


def _port_causes(interface: Document, field: str) -> Iterator[Cause]:
    ports = list(documents.objects(interface, "ports"))
    used: set[str] = set()
    for position, port in enumerate(ports):
        place, name = f"{field}.ports[{position}].name", documents.text(port, "name")
        if not name:
            continue
        if name in used:
            yield duplicate(place, f"Duplicate name of the port: {name}")
        used.add(name)
        if any(names.port_name_problems(name)):
            yield invalid(place, f"Invalid name of the port: {name}")
    for position, port in enumerate(ports):
        place, number = f"{field}.ports[{position}]", documents.integer(port, "port")
        if number == 0:
            yield required(f"{place}.port", "Port field is mandatory.")
        elif not 0 < number < _PORTS:
            yield invalid(f"{place}.port", "Port field must be in range 0 < x < 65536.")
        if documents.text(port, "protocol") not in {"", "TCP", "UDP"}:
            yield invalid(f"{place}.protocol", "Unknown protocol, only TCP or UDP allowed")


def _dhcp_causes(options: Document, field: str, path: str) -> Iterator[Cause]:
    numbers = [
        documents.integer(option, "option")
        for option in documents.objects(options, "privateOptions")
    ]
    if len(set(numbers)) != len(numbers):
        yield invalid(path, "Found Duplicates: you have provided duplicate DHCPPrivateOptions")
    for number in numbers:
        if number not in _PRIVATE_OPTIONS:
            yield invalid(
                path, "provided DHCPPrivateOptions are out of range, must be in range 224 to 254"
            )
    for position, server in enumerate(documents.items(options, "ntpServers")):
        if not _is_ipv4(server):
            yield invalid(
                f"{field}.dhcpOptions.ntpServers[{position}]",
                "NTP servers must be a list of valid IPv4 addresses.",
            )


def _is_ipv4(value: object) -> bool:
    try:
        ipaddress.IPv4Address(str(value))
    except ValueError:
        return False
    return True
