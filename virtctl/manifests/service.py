"""A Service out of ``expose``'s flags and what is exposed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from virtctl.errors import UsageError, VirtctlError
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import INSTANCE_REPLICA_SET, VIRTUAL_MACHINE_INSTANCE, Kind

_NUMBER = re.compile(r"[-+]?[0-9]+")
_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
_PROTOCOLS = ("TCP", "UDP")
_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")
_FAMILIES = {
    "ipv4": ["IPv4"],
    "ipv6": ["IPv6"],
    "ipv4,ipv6": ["IPv4", "IPv6"],
    "ipv6,ipv4": ["IPv6", "IPv4"],
}


@dataclass
class Wish:
    """The flags of ``expose``; empty strings and 0 are not given."""

    name: str
    port: int = 0
    port_name: str = ""
    protocol: str = "TCP"
    target_port: str = ""
    type: str = "ClusterIP"
    cluster_ip: str = ""
    external_ip: str = ""
    ip_family: str = ""
    ip_family_policy: str = ""


@dataclass
class Choices:
    """Flags with few values, as the API spells them."""

    type: str
    protocol: str
    families: list[str]
    policy: str


def choices(wish: Wish) -> Choices:
    """Read the flags with few values. Raises ``UsageError`` naming those that there are."""
    if wish.type.lower() == "externalname":
        raise _unknown("type", wish.type, _TYPES)
    families = _FAMILIES.get(wish.ip_family.lower(), []) if wish.ip_family else []
    if wish.ip_family and not families:
        raise _unknown("ip-family", wish.ip_family, ("IPv4", "IPv6", "IPv4,IPv6", "IPv6,IPv4"))
    policy = wish.ip_family_policy and _one("ip-family-policy", wish.ip_family_policy, _POLICIES)
    if not policy and len(families) == 2:
        policy = "PreferDualStack"
    return Choices(
        _one("type", wish.type, _TYPES),
        _one("protocol", wish.protocol, _PROTOCOLS),
        families,
        policy,
    )


def _one(flag: str, word: str, known: tuple[str, ...]) -> str:
    found = next((value for value in known if value.lower() == word.lower()), None)
    if found is None:
        raise _unknown(flag, word, known)
    return found


def _unknown(flag: str, word: str, known: tuple[str, ...]) -> UsageError:
    return UsageError(
        f"invalid argument `{word}` for flag `--{flag}`: must be one of {', '.join(known)}"
    )


def build(wish: Wish, chosen: Choices, kind: Kind, owner: Document) -> Document:
    """The Service that leads to ``owner``, which owns it.

    Raises ``VirtctlError`` when there is no port, or no selector that can be used.
    """
    name = text(owner, "metadata", "name")
    spec: Document = {
        "ports": _ports(wish, chosen, kind, owner),
        "selector": _selector(kind, owner, name),
        "type": chosen.type,
    }
    if wish.cluster_ip:
        spec["clusterIP"] = wish.cluster_ip
    if wish.external_ip:
        spec["externalIPs"] = [wish.external_ip]
    if chosen.families:
        spec["ipFamilies"] = list[JsonValue](chosen.families)
    if chosen.policy:
        spec["ipFamilyPolicy"] = chosen.policy
    reference: Document = {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "name": name,
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": False,
    }
    metadata: Document = {"name": wish.name, "ownerReferences": [reference]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _ports(wish: Wish, chosen: Choices, kind: Kind, owner: Document) -> list[JsonValue]:
    if not wish.port:
        declared = list(_declared(kind, owner))
        if not declared:
            raise VirtctlError(
                "couldn't find port via --port flag or introspection",
                "give --port, or declare ports on the interface of the pod network",
            )
        return declared
    port: Document = {"port": wish.port}
    if wish.port_name:
        port["name"] = wish.port_name
    if chosen.protocol:
        port["protocol"] = chosen.protocol
    if wish.target_port:
        digits = _NUMBER.fullmatch(wish.target_port) is not None
        port["targetPort"] = int(wish.target_port) if digits else wish.target_port
    return [port]


def _declared(kind: Kind, owner: Document) -> list[JsonValue]:
    """Ports that the interface of the pod network declares."""
    path = ("spec",) if kind == VIRTUAL_MACHINE_INSTANCE else ("spec", "template", "spec")
    spec = child(owner, *path)
    pods = {text(n, "name") for n in objects(spec, "networks") if find(n, "pod") is not None}
    found: list[JsonValue] = []
    for interface in objects(spec, "domain", "devices", "interfaces"):
        if text(interface, "name") not in pods:
            continue
        for declared in objects(interface, "ports"):
            # 0 is what the server takes for "the same port"
            port: Document = {"name": f"port-{len(found) + 1}", "targetPort": 0}
            port |= {key: declared[key] for key in ("port", "protocol") if declared.get(key)}
            found.append(port)
    return found


def _selector(kind: Kind, owner: Document, name: str) -> Document:
    if kind != INSTANCE_REPLICA_SET:
        return {"vmi.kubevirt.io/id": label_value(name)}
    if child(owner, "spec", "selector").get("matchExpressions"):
        raise VirtctlError(f"cannot expose {kind.name} with match expressions")
    labels = strings(owner, "spec", "selector", "matchLabels")
    if not labels:
        raise VirtctlError(f"cannot expose {kind.name} without any selector labels")
    return dict(labels)


def label_value(name: str) -> str:
    """A machine's name as the value of KubeVirt's label, which holds at most 63 characters."""
    if len(name) <= 63:
        return name
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[:54]}-{digest[:8]}"
