"""Which networks a pod asks for: the annotations of the Network Plumbing Working Group's spec.

What KubeVirt writes for a machine, and what Multus reads, in both of its forms. Spec: Kubernetes
Network Custom Resource Definition De-facto Standard 1.3, section 4; launcher-network.md §2.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from virtctl.errors import VirtctlError
from virtctl.local.networks.linknames import is_primary, secondary_link
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue

NETWORKS = "k8s.v1.cni.cncf.io/networks"
DEFAULT_NETWORK = "v1.multus-cni.io/default-network"
STATUS = "k8s.v1.cni.cncf.io/network-status"
PRIMARY = "eth0"
CLAIM = "ipam-claim-reference"
"""Key of an element: the IPAMClaim in the pod's namespace that keeps the link's addresses."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_CAPABILITIES = {
    "ips": "ips",
    "mac": "mac",
    "portMappings": "portMappings",
    "bandwidth": "bandwidth",
    "infinibandGUID": "infiniband-guid",
}


class BadSelection(VirtctlError):
    """An annotation that cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """One network that a pod asks for. ``interface`` is the link in the pod.

    ``capabilities`` are what is asked of plugins that can, by CNI's names; ``arguments`` are for
    the configuration (``args.cni``). ``routers`` are next hops of default routes by this link,
    which then replace the pod's own. ``claim`` is the IPAMClaim that keeps the link's addresses.
    """

    namespace: str
    name: str
    interface: str = ""
    mac: str = ""
    capabilities: Document = field(default_factory=dict)
    arguments: Document = field(default_factory=dict)
    routers: tuple[str, ...] = ()
    claim: str = ""

    @property
    def network(self) -> str:
        """``namespace/name`` of the definition."""
        return f"{self.namespace}/{self.name}"


def pod_annotations(vmi: Document) -> dict[str, str]:
    """The annotations that a machine's networks mean for its pod."""
    made = {}
    chosen = multus_networks(vmi)
    wanted = [_element(interface, network, vmi) for interface, network in chosen]
    if wanted:
        made[NETWORKS] = msgspec.json.encode(wanted).decode()
    for network in doc.objects(vmi, "spec", "networks"):
        if doc.flag(network, "multus", "default"):
            made[DEFAULT_NETWORK] = doc.text(network, "multus", "networkName")
    return made


def multus_networks(vmi: Document) -> list[tuple[Document, Document]]:
    """Interfaces, in their order, that are to be there, with their secondary networks."""
    networks = {doc.text(one, "name"): one for one in doc.objects(vmi, "spec", "networks")}
    found = []
    for interface in doc.objects(vmi, "spec", "domain", "devices", "interfaces"):
        network = networks.get(doc.text(interface, "name"), {})
        secondary = doc.find(network, "multus") is not None and not is_primary(network)
        if secondary and doc.text(interface, "state") != "absent":
            found.append((interface, network))
    return found


def definitions(vmi: Document) -> list[tuple[str, str]]:
    """Namespace and name of all definitions that a machine's networks name, in their order."""
    return [
        split(doc.text(network, "multus", "networkName"), doc.namespace_of(vmi))
        for network in doc.objects(vmi, "spec", "networks")
        if doc.find(network, "multus") is not None
    ]


def split(name: str, namespace: str) -> tuple[str, str]:
    """Namespace and name of ``namespace/name``, or of a name in ``namespace``."""
    before, slash, after = name.partition("/")
    return (before, after) if slash else (namespace, before)


def parse(annotation: str, namespace: str) -> tuple[Selection, ...]:
    """Read a list of networks, as JSON or as ``namespace/name@link`` with commas.

    Links without a name are ``net1`` and so on, by their place. Raises ``BadSelection``.
    """
    text = annotation.strip()
    if not text:
        return ()
    if text[0] in '[{"':
        found = _from_json(text, namespace)
    else:
        found = [_from_words(word.strip(), namespace) for word in text.split(",")]
    return tuple(
        one if one.interface else _named(one, f"net{number}") for number, one in enumerate(found, 1)
    )


def default_network(annotation: str, namespace: str) -> Selection:
    """The network that a pod's first link is of. Raises ``BadSelection``."""
    found = parse(annotation, namespace)
    if len(found) != 1:
        raise BadSelection(f"the annotation `{DEFAULT_NETWORK}` must name one network")
    return _named(found[0], PRIMARY)


def with_claims(annotation: str, claims: Mapping[str, str]) -> str:
    """A list of networks whose links, by their names, have these IPAMClaims; others stay.

    One that is no JSON stays as it is.
    """
    try:
        read: JsonValue = msgspec.json.decode(annotation or "[]")
    except msgspec.DecodeError:
        return annotation
    if not isinstance(read, list):
        return annotation
    for element in read:
        if isinstance(element, dict) and (claim := claims.get(doc.text(element, "interface"))):
            element[CLAIM] = claim
    return msgspec.json.encode(read).decode()


def _routers(element: Document) -> tuple[str, ...]:
    """``default-route``: addresses of routers. Raises ``BadSelection`` for what is none."""
    given = element.get("default-route")
    found = tuple(str(one) for one in given) if isinstance(given, list) else ()
    for one in found:
        try:
            ipaddress.ip_address(one)
        except ValueError:
            raise BadSelection(
                f"parsePodNetworkAnnotation: default-route: `{one}` is no IP address"
            ) from None
    return found


def _element(interface: Document, network: Document, vmi: Document) -> dict[str, str]:
    name = doc.text(network, "multus", "networkName")
    namespace, definition = split(name, doc.namespace_of(vmi))
    made = {"name": definition, "namespace": namespace}
    if mac := doc.text(interface, "macAddress"):
        made["mac"] = mac
    return made | {"interface": secondary_link(doc.text(network, "name"))}


def _named(selection: Selection, interface: str) -> Selection:
    return replace(selection, interface=interface)


def _from_json(text: str, namespace: str) -> list[Selection]:
    try:
        elements: list[JsonValue] = msgspec.json.decode(text, type=list)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadSelection(
            "parsePodNetworkAnnotation: failed to parse pod Network Attachment Selection "
            f"Annotation JSON format: {error}"
        ) from None
    found = []
    for element in elements:
        if not isinstance(element, dict) or not doc.text(element, "name"):
            raise BadSelection(
                "parsePodNetworkAnnotation: network annotation must have a name in each element"
            )
        capabilities = {
            name: element[key] for name, key in _CAPABILITIES.items() if element.get(key)
        }
        found.append(
            Selection(
                namespace=_checked(doc.text(element, "namespace") or namespace),
                name=_checked(doc.text(element, "name")),
                interface=doc.text(element, "interface") or doc.text(element, "interfaceRequest"),
                mac=doc.text(element, "mac"),
                capabilities=capabilities,
                arguments=doc.child(element, "cni-args"),
                routers=_routers(element),
                claim=doc.text(element, CLAIM),
            )
        )
    return found


def _from_words(word: str, namespace: str) -> Selection:
    name, _, interface = word.partition("@")
    namespace, name = split(name, namespace)
    if "/" in name or "@" in interface:
        raise BadSelection(
            f"parsePodNetworkObjectName: Invalid network object `{word}`: expected "
            "namespace/name@interface"
        )
    return Selection(
        namespace=_checked(namespace), name=_checked(name), interface=interface.strip()
    )


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadSelection(
            "parsePodNetworkObjectName: Failed to parse: one or more items did not match comma-"
            "delimited format (must consist of lower case alphanumeric characters). Must start and "
            f"end with an alphanumeric character), mismatch @ '{name}'"
        )
    return name
