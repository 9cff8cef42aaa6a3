"""What NetworkPolicies and MultiNetworkPolicies mean for the pods of a node.

NetworkPolicies (networking.k8s.io/v1) are about pods on the pod network, MultiNetworkPolicies
(k8s.cni.cncf.io/v1beta1) about the links of pods to the networks that their annotation names. Both
have the same words; a pod that no policy selects in a direction is open in it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from virtctl.errors import InvalidField
from virtctl.local.networks import netstatus
from virtctl.local.networks.selections import PRIMARY, split
from virtctl.models import documents as doc
from virtctl.models.documents import Document
from virtctl.wire.labelselectors import read_selector

POLICY_FOR = "k8s.v1.cni.cncf.io/policy-for"
POD_NETWORK = ""
"""Stands for the pod network where others go by ``namespace/name`` of their definition."""

_OVER = {"Succeeded", "Failed"}
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


@dataclass(frozen=True)
class Block:
    """Addresses: a CIDR, or a single address, without parts of it."""

    cidr: str
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ports:
    """Ports of a protocol in lower case, from first to last; 0 for all of them."""

    protocol: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Allow:
    """Peers that may, and to which ports; no ports are all of them."""

    any_peer: bool = False
    blocks: tuple[Block, ...] = ()
    macs: tuple[str, ...] = ()
    ports: tuple[Ports, ...] = ()


@dataclass(frozen=True)
class Guard:
    """One link of a pod that is not open. A direction that is None is.

    ``network`` is ``namespace/name`` of the link's definition, empty for the pod network.
    """

    name: str
    pod: str
    link: str
    addresses: tuple[str, ...]
    ingress: tuple[Allow, ...] | None = None
    egress: tuple[Allow, ...] | None = None
    namespace: str = ""
    network: str = ""
    by: tuple[str, ...] = ()
    """The policies that say so, as ``namespace/name``."""


@dataclass(frozen=True)
class Place:
    """A pod on a network: addresses and MAC that it has there, and its link."""

    pod: Document
    link: str
    addresses: tuple[str, ...]
    mac: str = ""


@dataclass(frozen=True, kw_only=True)
class World:
    """All that policies speak of."""

    policies: Sequence[Document] = ()
    multi: Sequence[Document] = ()
    pods: Sequence[Document] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each namespace."""


def guards(world: World, node: str) -> tuple[Guard, ...]:
    """The links of a node's pods that are not open, in the order of the pods."""
    found = []
    alive = [pod for pod in world.pods if is_alive(pod)]
    for pod in alive:
        if doc.text(pod, "spec", "nodeName") != node:
            continue
        for network, place in places(pod).items():
            guard = _guard(place, applying(world, pod, network), world, alive)
            if guard is not None:
                found.append(replace(guard, network=network))
    return tuple(found)


def guard_of(world: World, network: str, place: Place) -> Guard | None:
    """What is kept for a pod on one network; None where it is open."""
    alive = [pod for pod in world.pods if is_alive(pod)]
    return _guard(place, applying(world, place.pod, network), world, alive)


def places(pod: Document) -> dict[str, Place]:
    """Where a pod is, by network: the pod network, and those of its annotation."""
    addresses = tuple(doc.text(one, "ip") for one in doc.objects(pod, "status", "podIPs"))
    found = {POD_NETWORK: Place(pod, PRIMARY, tuple(filter(_is_address, addresses)))}
    for link, entry in netstatus.interfaces(pod).items():
        if doc.flag(entry, "default"):
            continue
        ips = tuple(str(ip) for ip in doc.items(entry, "ips") if _is_address(str(ip)))
        mac = doc.text(entry, "mac").lower()
        found[doc.text(entry, "name")] = Place(pod, link, ips, mac if _MAC.fullmatch(mac) else "")
    return found


def is_alive(pod: Document) -> bool:
    """Whether policies are about a pod: it runs, in a network of its own."""
    over = doc.text(pod, "status", "phase") in _OVER
    return not (over or doc.flag(pod, "spec", "hostNetwork"))


@dataclass(frozen=True)
class Applying:
    """A policy that selects a pod on a network, and the networks that its peers are on."""

    policy: Document
    networks: tuple[str, ...]


def applying(world: World, pod: Document, network: str) -> Iterator[Applying]:
    """The policies that select a pod on a network."""
    for policy in world.policies if network == POD_NETWORK else world.multi:
        networks = (POD_NETWORK,) if network == POD_NETWORK else _networks_of(policy)
        same = doc.namespace_of(policy) == doc.namespace_of(pod)
        if same and network in networks and _selects(doc.child(policy, "spec", "podSelector"), pod):
            yield Applying(policy, networks)


def _networks_of(policy: Document) -> tuple[str, ...]:
    listed = doc.strings(policy, "metadata", "annotations").get(POLICY_FOR, "")
    names = (name.strip() for name in listed.split(","))
    found = (split(name, doc.namespace_of(policy)) for name in names if name)
    return tuple(f"{namespace}/{name}" for namespace, name in found)


def _guard(
    place: Place, applying: Iterable[Applying], world: World, pods: Sequence[Document]
) -> Guard | None:
    ways: dict[str, list[Allow] | None] = {"Ingress": None, "Egress": None}
    by: list[str] = []
    for one in applying:
        by.append(f"{doc.namespace_of(one.policy)}/{doc.name_of(one.policy)}")
        for kind, field_of, peers in (("Ingress", "ingress", "from"), ("Egress", "egress", "to")):
            if kind not in types(one.policy):
                continue
            allowed = ways[kind] = ways[kind] or []
            for rule in doc.objects(one.policy, "spec", field_of):
                target = place.pod if kind == "Ingress" else None
                allowed.append(_allow(rule, peers, one, (world, pods), target))
    if ways["Ingress"] is None and ways["Egress"] is None:
        return None
    return Guard(
        name=_word(place),
        pod=doc.name_of(place.pod),
        link=place.link,
        addresses=place.addresses,
        ingress=_listed(ways["Ingress"]),
        egress=_listed(ways["Egress"]),
        namespace=doc.namespace_of(place.pod),
        by=tuple(by),
    )


def _listed(allowed: list[Allow] | None) -> tuple[Allow, ...] | None:
    return None if allowed is None else tuple(allowed)


def _word(place: Place) -> str:
    """A name of the link that is a word, the same each time."""
    seed = f"{doc.uid_of(place.pod)}/{doc.name_of(place.pod)}/{place.link}"
    return hashlib.sha256(seed.encode()).hexdigest()[:12]


def types(policy: Document) -> set[str]:
    """The directions that a policy is about: Ingress, Egress."""
    listed = {str(one) for one in doc.items(policy, "spec", "policyTypes")}
    if listed:
        return listed
    egress = {"Egress"} if doc.find(policy, "spec", "egress") is not None else set()
    return {"Ingress", *egress}


def _allow(
    rule: Document,
    peers: str,
    applying: Applying,
    around: tuple[World, Sequence[Document]],
    target: Document | None,
) -> Allow:
    world, pods = around
    listed = list(doc.objects(rule, peers))
    blocks: list[Block] = []
    macs: list[str] = []
    chosen: list[Document] = []
    for peer in listed:
        if "ipBlock" in peer:
            blocks.extend(_block(doc.child(peer, "ipBlock")))
            continue
        matching = [pod for pod in pods if _is_peer(peer, pod, applying.policy, world)]
        chosen += matching
        for pod in matching:
            there = places(pod)
            for place in (there[name] for name in applying.networks if name in there):
                blocks.extend(Block(address) for address in place.addresses)
                if not place.addresses and place.mac:
                    macs.append(place.mac)
    named = [target] if target is not None else chosen
    wanted = list(doc.objects(rule, "ports"))
    ports = tuple(dict.fromkeys(port for one in wanted for port in _ports(one, named)))
    if wanted and not ports:
        return Allow()  # ports that nobody has
    return Allow(not listed, tuple(dict.fromkeys(blocks)), tuple(dict.fromkeys(macs)), ports)


def _block(found: Document) -> Iterator[Block]:
    """One block; what is no CIDR allows nothing."""
    cidr = doc.text(found, "cidr")
    excepts = tuple(str(one) for one in doc.items(found, "except"))
    try:
        for one in (cidr, *excepts):
            ipaddress.ip_network(one, strict=False)
    except ValueError:
        return
    yield Block(cidr if "/" in cidr else f"{cidr}/{128 if ':' in cidr else 32}", excepts)


def _is_peer(peer: Document, pod: Document, policy: Document, world: World) -> bool:
    namespace = doc.namespace_of(pod)
    if "namespaceSelector" in peer:
        labels = world.labels.get(namespace, {})
        if not _matches(doc.child(peer, "namespaceSelector"), labels):
            return False
    elif namespace != doc.namespace_of(policy):
        return False
    return _selects(doc.child(peer, "podSelector"), pod)


def _selects(selector: Document, pod: Document) -> bool:
    return _matches(selector, doc.strings(pod, "metadata", "labels"))


def _matches(selector: Document, labels: Mapping[str, str]) -> bool:
    try:
        return read_selector(selector).matches(labels)
    except InvalidField:
        return False


def _ports(found: Document, pods: Iterable[Document]) -> Iterator[Ports]:
    """The ports that an entry means; a name means those that containers of the pods give it."""
    protocol = _PROTOCOLS.get(doc.text(found, "protocol", default="TCP") or "TCP", "")
    port = found.get("port")
    if not protocol:
        return
    if port is None:
        yield Ports(protocol)
    elif isinstance(port, int):
        if 0 < port < 65536:
            yield Ports(protocol, port, min(doc.integer(found, "endPort", default=port), 65535))
    else:
        for pod in pods:
            for number in _named_ports(pod, str(port), protocol):
                yield Ports(protocol, number, number)


def _named_ports(pod: Document, name: str, protocol: str) -> Iterator[int]:
    for container in doc.objects(pod, "spec", "containers"):
        for port in doc.objects(container, "ports"):
            own = doc.text(port, "protocol", default="TCP").lower()
            if doc.text(port, "name") == name and own == protocol:
                yield doc.integer(port, "containerPort")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
