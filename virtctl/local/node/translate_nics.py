"""NICs of a VirtualMachineInstance, joined by name with the networks that they are plugged into."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.spec import (
    Binding,
    Bridge,
    DhcpOptions,
    Elsewhere,
    ManagedTap,
    Masquerade,
    Nic,
    Passt,
    PluginTap,
    PodOptions,
    Port,
    PrivateOption,
)
from virtctl.errors import InvalidField
from virtctl.local.networks.linknames import PRIMARY_LINK, is_primary, secondary_link
from virtctl.local.node.materials import TranslateFacts
from virtctl.models import documents as doc
from virtctl.models.documents import Document

_BINDINGS = ("masquerade", "bridge", "sriov", "slirp", "macvtap", "passt", "passtBinding")
_RETIRED = {"slirp": "Slirp", "macvtap": "Macvtap", "passt": "Passt"}
_STATES = ("", "up", "down", "absent")
_QUEUES_AT_MOST = 256
_MESH = "sidecar.istio.io/inject"
_QEMU_USER, _ROOT = 107, 0


@dataclass(frozen=True, kw_only=True)
class LiveChanges:
    """Names of the NICs of a running machine that come, and of those that go."""

    plugged: tuple[str, ...] = ()
    unplugged: tuple[str, ...] = ()


def nics(vmi: Document, facts: TranslateFacts, vcpus: int) -> tuple[Nic, ...]:
    """One ``Nic`` for each interface, in their order.

    Raises ``InvalidField`` for a missing network, an unknown state, and a binding that is not
    implemented.
    """
    spec = doc.child(vmi, "spec")
    networks = {doc.text(each, "name"): each for each in doc.objects(spec, "networks")}
    secondary = [name for name, network in networks.items() if not is_primary(network)]
    known = {doc.text(each, "name"): each for each in doc.objects(vmi, "status", "interfaces")}
    peripherals = doc.child(spec, "domain", "devices")
    multiqueue = doc.flag(peripherals, "networkInterfaceMultiqueue")
    found = []
    for position, each in enumerate(doc.objects(peripherals, "interfaces")):
        path = f"spec.domain.devices.interfaces[{position}]"
        name = doc.text(each, "name")
        if name not in networks:
            raise InvalidField(f"{path}.name", name, f"failed to find network {name}")
        primary = is_primary(networks[name])
        status = known.get(name, {})
        binding = _binding(each, path, networks[name], facts)
        if isinstance(binding, Passt):
            _refuse_unnamed(name, path, status, facts)
        found.append(
            Nic(
                name=name,
                pod_nic=_pod_nic(name, status, facts, primary=primary),
                binding=binding,
                primary=primary,
                mac=doc.text(each, "macAddress"),
                model=doc.text(each, "model"),
                ports=_ports(each, facts),
                dhcp=_dhcp(each),
                boot_order=_boot_order(each),
                pci_address=doc.text(each, "pciAddress"),
                acpi_index=doc.integer(each, "acpiIndex"),
                state=_state(each, path),
                queues=_queues(each, vcpus, multiqueue=multiqueue),
                ordinal=0 if primary else secondary.index(name) + 1,
                known_mac=doc.text(status, "mac"),
                known_queues=_known_queues(each, status),
                tag=doc.text(each, "tag"),
            )
        )
    return tuple(found)


def pod_options(vmi: Document, facts: TranslateFacts) -> PodOptions:
    """What holds for all of the pod's network."""
    gates = doc.items(facts.config, "developerConfiguration", "featureGates")
    mesh = doc.strings(vmi, "metadata", "annotations").get(_MESH, "")
    return PodOptions(
        tap_owner=_ROOT if "Root" in gates else _QEMU_USER,
        mesh=mesh.lower() == "true",
        migration_ports=doc.text(vmi, "status", "migrationTransport") != "Unix",
    )


def live_changes(vmi: Document) -> LiveChanges:
    """What of a running machine's network is to be made or taken away in its pod.

    A NIC comes when the pod has its link already and the domain does not know it yet; it goes when
    it is ``absent`` and the domain has let go of it, and is still reported.
    """
    sources = {
        doc.text(each, "name"): doc.text(each, "infoSource").split(", ")
        for each in doc.objects(vmi, "status", "interfaces")
    }
    plugged, unplugged = [], []
    for each in doc.objects(vmi, "spec", "domain", "devices", "interfaces"):
        name = doc.text(each, "name")
        seen = sources.get(name)
        if seen is None or "domain" in seen:
            continue
        if doc.text(each, "state") == "absent":
            unplugged.append(name)
        elif "multus-status" in seen:
            plugged.append(name)
    return LiveChanges(plugged=tuple(plugged), unplugged=tuple(unplugged))


def _pod_nic(name: str, status: Document, facts: TranslateFacts, *, primary: bool) -> str:
    """The pod's link: as the node made it, as the controller noted it, or as the rules say."""
    if name in facts.pod_nics:
        return facts.pod_nics[name]
    if primary:
        return doc.text(status, "podInterfaceName") or PRIMARY_LINK
    return secondary_link(name)


def _refuse_unnamed(name: str, path: str, status: Document, facts: TranslateFacts) -> None:
    """passt binds to the pod's link by its name, which must have been reported for that."""
    if name not in facts.pod_nics and not doc.text(status, "podInterfaceName"):
        problem = f"the pod's link of the network {name} has not been reported yet"
        raise InvalidField(f"{path}.passtBinding", name, problem)


def _boot_order(interface: Document) -> int | None:
    found = doc.find(interface, "bootOrder")
    return found if isinstance(found, int) else None


def _state(interface: Document, path: str) -> str:
    state = doc.text(interface, "state")
    if state not in _STATES:
        name = doc.text(interface, "name")
        problem = f"logical {name} interface state value is unsupported: {state}"
        raise InvalidField(f"{path}.state", state, problem, "use up, down or absent")
    return state


def _queues(interface: Document, vcpus: int, *, multiqueue: bool) -> int:
    virtio = doc.text(interface, "model") in {"", "virtio"}
    return min(vcpus, _QUEUES_AT_MOST) if multiqueue and virtio else 0


def _known_queues(interface: Document, status: Document) -> int | None:
    """The queues of a NIC that a domain has already: its tap must have as many."""
    virtio = doc.text(interface, "model") in {"", "virtio"}
    if not virtio or "domain" not in doc.text(status, "infoSource").split(", "):
        return None
    return doc.integer(status, "queueCount")


def _binding(interface: Document, path: str, network: Document, facts: TranslateFacts) -> Binding:
    """How the NIC is joined to the pod."""
    plugin = doc.text(interface, "binding", "name")
    if plugin:
        return _plugin_binding(plugin, path, facts)
    kind = next((name for name in _BINDINGS if doc.find(interface, name) is not None), "")
    if kind in _RETIRED:
        problem = f"{_RETIRED[kind]} network binding has been discontinued since v1.3"
        raise InvalidField(f"{path}.{kind}", kind, problem)
    if kind not in facts.bindings:
        raise InvalidField(
            f"{path}.{kind}" if kind else path,
            kind,
            "this binding is not implemented yet",
            f"use one of: {', '.join(sorted(facts.bindings - {'plugin', 'sidecar'}))}",
        )
    match kind:
        case "masquerade":
            return _masquerade(network)
        case "passtBinding":
            return Passt()
        case "sriov":
            return Elsewhere()
        case _:
            return Bridge()


def _masquerade(network: Document) -> Masquerade:
    usual = Masquerade()
    return Masquerade(
        cidr=doc.text(network, "pod", "vmNetworkCIDR") or usual.cidr,
        cidr6=doc.text(network, "pod", "vmIPv6NetworkCIDR") or usual.cidr6,
    )


def _plugin_binding(plugin: str, path: str, facts: TranslateFacts) -> Binding:
    field = f"{path}.binding.name"
    if "plugin" not in facts.bindings:
        raise InvalidField(field, plugin, "network binding plugins are not implemented yet")
    known = doc.find(facts.config, "network", "binding", plugin)
    if known is None:
        problem = "no network binding plugin of this name is registered"
        remedy = "register it in spec.configuration.network.binding of the KubeVirt object"
        raise InvalidField(field, plugin, problem, remedy)
    match doc.text(facts.config, "network", "binding", plugin, "domainAttachmentType"):
        case "managedTap":
            return ManagedTap()
        case "tap":
            return PluginTap()
        case _ if "sidecar" in facts.bindings:
            return Elsewhere()
        case _:
            raise InvalidField(field, plugin, "sidecars of binding plugins are not served yet")


def _ports(interface: Document, facts: TranslateFacts) -> tuple[Port, ...]:
    """Ports, or ranges of them; those only count behind their feature gate."""
    ports = tuple(
        Port(
            port=doc.integer(each, "port"),
            protocol=doc.text(each, "protocol", default="TCP") or "TCP",
            name=doc.text(each, "name"),
        )
        for each in doc.objects(interface, "ports")
    )
    gates = doc.items(facts.config, "developerConfiguration", "featureGates")
    if ports or "PortRangesSpec" not in gates:
        return ports
    return tuple(
        Port(
            port=doc.integer(each, "start"),
            last=doc.integer(each, "end"),
            protocol=doc.text(each, "protocol", default="TCP") or "TCP",
        )
        for each in doc.objects(interface, "portRanges")
    )


def _dhcp(interface: Document) -> DhcpOptions:
    asked = doc.child(interface, "dhcpOptions")
    return DhcpOptions(
        boot_file_name=doc.text(asked, "bootFileName"),
        tftp_server_name=doc.text(asked, "tftpServerName"),
        ntp_servers=tuple(str(each) for each in doc.items(asked, "ntpServers")),
        private_options=tuple(
            PrivateOption(option=doc.integer(each, "option"), value=doc.text(each, "value"))
            for each in doc.objects(asked, "privateOptions")
        ),
    )
