"""NetworkAttachmentDefinitions of OVN-Kubernetes' secondary networks: what they say, and its names.

The plugin type is ``ovn-k8s-cni-overlay``; topologies are layer2 and localnet. Names, defaults and
refusals are OVN-Kubernetes' own: spec/networks.md §3.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from virtctl.errors import InvalidField
from virtctl.local.networks.attachdefs import OVN, BadDefinition
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue

LAYER2, LOCALNET, LAYER3 = "layer2", "localnet", "layer3"
DEFAULT_MTU = 1400
POD_NETWORKS = "k8s.ovn.org/pod-networks"
NETWORK_ID, NAD_ID, TOPOLOGY_ID, ROLE_ID = (
    f"k8s.ovn.org/{word}" for word in ("network", "nad", "topology", "role")
)
_RESERVED = {"", "default", "ovn-kubernetes"}
_MOST_VLAN = 4094


@dataclass(frozen=True, kw_only=True)
class OverlayNetwork:
    """A network. ``nad`` is ``namespace/name`` of the definition; several may be of one network.

    ``subnets`` give addresses, without ``excluded`` parts; ``vlan`` is 0 for untagged frames,
    ``mtu`` in bytes. ``physical`` is the network of the nodes that a localnet one is on.
    With ``persistent`` addresses belong to machines, not to pods.
    """

    name: str
    nad: str
    topology: str
    subnets: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    vlan: int = 0
    mtu: int = DEFAULT_MTU
    physical: str = ""
    persistent: bool = False

    @property
    def switch(self) -> str:
        """The logical switch."""
        return f"{prefix(self.name)}ovn_{self.topology}_switch"

    @property
    def localnet_port(self) -> str:
        """The switch's port to the nodes' own network; empty when it has none."""
        return f"{prefix(self.name)}ovn_localnet_port" if self.topology == LOCALNET else ""

    @property
    def marks(self) -> dict[str, str]:
        """External ids of the switch."""
        return {NETWORK_ID: self.name, ROLE_ID: "secondary", TOPOLOGY_ID: self.topology}

    def port_marks(self, namespace: str) -> dict[str, str]:
        """External ids of a pod's logical port."""
        return {
            "namespace": namespace,
            "pod": "true",
            NETWORK_ID: self.name,
            NAD_ID: self.nad,
            TOPOLOGY_ID: self.topology,
        }

    @property
    def interface_marks(self) -> dict[str, str]:
        """External ids of the node's interface, beside those that each has."""
        return {NETWORK_ID: self.name, NAD_ID: self.nad}


def prefix(name: str) -> str:
    """What names of a network begin with."""
    return name.replace("-", ".").replace("/", ".") + "_"


def port_name(nad: str, namespace: str, pod: str) -> str:
    """The logical port of a pod, which is also the interface's ``iface-id``."""
    return f"{prefix(nad)}{namespace}_{pod}"


def is_overlay(definition: Document) -> bool:
    """Whether a definition is one of OVN-Kubernetes; one that cannot be read is none."""
    try:
        return any(one.get("type") == OVN for one in _configurations(definition))
    except InvalidField:
        return False


def read(definition: Document) -> OverlayNetwork:
    """The network of a definition. Raises ``BadDefinition`` in OVN-Kubernetes' words."""
    nad = f"{doc.namespace_of(definition)}/{doc.name_of(definition)}"
    given = next((one for one in _configurations(definition) if one.get("type") == OVN), None)
    if given is None:
        raise BadDefinition(f"error parsing Network Attachment Definition {nad}: not of type {OVN}")
    _check(given, nad)
    topology, name = doc.text(given, "topology"), doc.text(given, "name")
    subnets = tuple(_cidrs(given, "subnets", nad))
    excluded = tuple(_cidrs(given, "excludeSubnets", nad))
    _check_excluded(subnets, excluded, topology, name)
    physical = doc.text(given, "physicalNetworkName") or name
    return OverlayNetwork(
        name=name,
        nad=nad,
        topology=topology,
        subnets=subnets,
        excluded=excluded,
        vlan=_number(given, "vlanID", nad, _MOST_VLAN),
        mtu=_number(given, "mtu", nad, 65535) or DEFAULT_MTU,
        physical=physical if topology == LOCALNET else "",
        persistent=given.get("allowPersistentIPs") is True,
    )


def with_entry(annotation: str, network: OverlayNetwork, mac: str, addresses: Sequence[str]) -> str:
    """``k8s.ovn.org/pod-networks`` with what a pod has on a network."""
    listed: list[JsonValue] = [*addresses]
    entry: Document = {"ip_addresses": listed, "mac_address": mac}
    if not addresses:
        entry = {"ip_addresses": None, "mac_address": mac}
    if len(addresses) == 1:
        entry["ip_address"] = addresses[0]
    entry["role"] = "secondary"
    return msgspec.json.encode({**_entries(annotation), network.nad: entry}).decode()


def without_entry(annotation: str, nad: str) -> str:
    """The same without what a pod had on the network of a definition."""
    kept = {name: entry for name, entry in _entries(annotation).items() if name != nad}
    return msgspec.json.encode(kept).decode()


def _entries(annotation: str) -> Document:
    try:
        found: JsonValue = msgspec.json.decode(annotation or "{}")
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _configurations(definition: Document) -> Iterator[Document]:
    """The plugins of a definition, each with the name that the whole has."""
    try:
        found = msgspec.json.decode(doc.text(definition, "spec", "config") or "{}")
    except msgspec.DecodeError:
        return
    if not isinstance(found, dict):
        return
    if found.get("plugins") is None:
        yield found
        return
    for one in doc.objects(found, "plugins"):
        yield {"name": doc.text(found, "name"), **one}


def _check(given: Document, nad: str) -> None:
    name, called = doc.text(given, "name"), doc.text(given, "netAttachDefName")
    topology = doc.text(given, "topology")
    if topology and not called:
        raise BadDefinition(f"missing NADName in secondary network netconf {name}")
    if name in _RESERVED:
        raise BadDefinition(f"invalid name in in secondary network netconf ({name})")
    if called != nad:
        raise BadDefinition(f"net-attach-def name ({nad}) is inconsistent with config ({called})")
    if doc.text(given, "ipam", "type"):
        raise BadDefinition(
            f"error parsing Network Attachment Definition {nad}: IPAM key is not supported. "
            "Use OVN-K provided IPAM via the `subnets` attribute"
        )
    if topology == LOCALNET and doc.text(given, "joinSubnet"):
        raise BadDefinition(
            "localnet topology does not allow specifying join-subnet as services are not supported"
        )
    if topology == LAYER3 and given.get("allowPersistentIPs") is True:
        raise BadDefinition("layer3 topology does not allow persistent IPs")
    if topology not in (LAYER2, LOCALNET):
        raise BadDefinition(
            f"topology {topology or '(none)'} not supported: layer2 and localnet are served here"
        )
    if doc.text(given, "role", default="secondary") != "secondary":
        raise BadDefinition(
            f"role {doc.text(given, 'role')} not supported: pods' first network is not OVN's here"
        )


def _cidrs(given: Document, field: str, nad: str) -> Iterator[str]:
    for word in doc.text(given, field).split(","):
        if not word.strip():
            continue
        try:
            yield str(ipaddress.ip_network(word.strip(), strict=False))
        except ValueError as error:
            raise BadDefinition(
                f"invalid {doc.text(given, 'topology')} netconf {doc.text(given, 'name')}: "
                f"{field} of {nad}: {error}"
            ) from None


def _check_excluded(
    subnets: tuple[str, ...], excluded: tuple[str, ...], topology: str, name: str
) -> None:
    networks = [ipaddress.ip_network(one) for one in subnets]
    for one in excluded:
        part = ipaddress.ip_network(one)
        if not any(_holds(whole, part) for whole in networks):
            raise BadDefinition(
                f"invalid {topology} netconf {name}: the provided network subnets do not contain "
                f"excluded subnets {one}"
            )


def _holds(
    whole: ipaddress.IPv4Network | ipaddress.IPv6Network,
    part: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    return whole.version == part.version and part[0] in whole and part[-1] in whole


def _number(given: Mapping[str, JsonValue], field: str, nad: str, most: int) -> int:
    found = given.get(field) or 0  # "" is what the talk's empty vlanID is
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= most:
        raise BadDefinition(
            f"error parsing Network Attachment Definition {nad}: {field} is {found!r}, "
            f"not a number from 0 to {most}"
        )
    return found
