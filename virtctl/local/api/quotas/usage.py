"""What one object uses of a namespace's quota, by resource name.

The names are those of ResourceQuota. Machines are counted, besides by what their launcher pods
request, as what their guests are: ``requests.instances/vmi``, ``requests.cpu/vmi`` and
``requests.memory/vmi``, the names of the application-aware quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from virtctl.models.documents import Document, child, find, flag, integer, objects, strings, text
from virtctl.models.kinds import PVC, SERVICE, Kind
from virtctl.wire.quantities import Notation, Quantity, parse_quantity, quantity_or_none

Usage: TypeAlias = "dict[str, Quantity]"

_ONE = Quantity.of(1)
_OVER = frozenset({"Succeeded", "Failed"})
_LEGACY = frozenset(
    {
        "pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "resourcequotas",
        "replicationcontrollers",
    }
)  # fmt: skip
_STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
_LIMITED = frozenset({"cpu", "memory", "ephemeral-storage"})
INSTANCES = "requests.instances/vmi"
GUEST_CPU = "requests.cpu/vmi"
GUEST_MEMORY = "requests.memory/vmi"


def is_launcher(pod: Document) -> bool:
    """Whether a machine runs in the pod."""
    return strings(pod, "metadata", "labels").get("kubevirt.io") == "virt-launcher"


def counts(kind: Kind, document: Document) -> bool:
    """Whether the object uses anything: a pod that is over does not."""
    return not (kind.resource == "pods" and text(document, "status", "phase") in _OVER)


def usage_of(kind: Kind, document: Document, vmi: Document | None = None) -> Usage:
    """All that an object uses; ``vmi`` is the machine in a launcher pod."""
    used: Usage = {f"count/{kind.resource}": _ONE}
    if kind.resource in _LEGACY:
        used[kind.resource] = _ONE
    if kind.resource == "pods":
        used |= _pod(document)
        if vmi is not None and is_launcher(document):
            used |= guest(vmi)
    elif kind == PVC:
        used |= _claim(document)
    elif kind == SERVICE:
        used |= _service(document)
    return used


def guest(vmi: Document) -> Usage:
    """What a machine's guest has."""
    cpu = child(vmi, "spec", "domain", "cpu")
    cores = 1
    for factor in ("sockets", "cores", "threads"):
        cores *= integer(cpu, factor, default=1) or 1
    given = find(vmi, "spec", "domain", "memory", "guest")
    memory = quantity_or_none(given) or quantity_or_none(
        find(vmi, "spec", "domain", "resources", "requests", "memory")
    )
    return {
        INSTANCES: _ONE,
        GUEST_CPU: Quantity.of(cores),
        GUEST_MEMORY: memory or Quantity(0, Notation.BINARY),
    }


def _pod(pod: Document) -> Usage:
    used: Usage = {}
    for resource, amount in _whole(pod, "requests").items():
        used[f"requests.{resource}"] = amount
        if resource in _STANDARD or resource.startswith("hugepages-"):
            used[resource] = amount
    for resource, amount in _whole(pod, "limits").items():
        if resource in _LIMITED:
            used[f"limits.{resource}"] = amount
    return used


def _whole(pod: Document, part: str) -> Usage:
    """A pod's requests or limits: what runs together, or the most that starts alone."""
    together = [
        *objects(pod, "spec", "containers"),
        *(one for one in objects(pod, "spec", "initContainers") if _is_sidecar(one)),
    ]
    whole = total(_amounts(container, part) for container in together)
    for container in objects(pod, "spec", "initContainers"):
        for resource, amount in _amounts(container, part).items():
            whole[resource] = max(whole.get(resource, Quantity(0)), amount)
    return whole


def _is_sidecar(container: Document) -> bool:
    return text(container, "restartPolicy") == "Always"


def _amounts(container: Document, part: str) -> Usage:
    """What a container asks for; a limit without a request is requested."""
    resources = child(container, "resources")
    found = _quantities(child(resources, part))
    if part == "requests":
        found = _quantities(child(resources, "limits")) | found
    return found


def _quantities(document: Document) -> Usage:
    return {
        key: parse_quantity(value)
        for key, value in document.items()
        if isinstance(value, (str, int, float))
    }


def total(usages: Iterable[Mapping[str, Quantity]]) -> Usage:
    """The sum of what several objects use."""
    found: Usage = {}
    for usage in usages:
        for resource, amount in usage.items():
            found[resource] = found[resource] + amount if resource in found else amount
    return found


def _claim(claim: Document) -> Usage:
    size = quantity_or_none(find(claim, "spec", "resources", "requests", "storage"))
    used: Usage = {"requests.storage": size or Quantity(0, Notation.BINARY)}
    of_class = text(claim, "spec", "storageClassName")
    if of_class:
        prefix = f"{of_class}.storageclass.storage.k8s.io"
        used[f"{prefix}/requests.storage"] = used["requests.storage"]
        used[f"{prefix}/persistentvolumeclaims"] = _ONE
    return used


def _service(service: Document) -> Usage:
    ports = Quantity.of(len(list(objects(service, "spec", "ports"))))
    match text(service, "spec", "type", default="ClusterIP"):
        case "NodePort":
            return {"services.nodeports": ports}
        case "LoadBalancer":
            used: Usage = {"services.loadbalancers": _ONE}
            if flag(service, "spec", "allocateLoadBalancerNodePorts", default=True):
                used["services.nodeports"] = ports
            return used
        case _:
            return {}


def missing(pod: Document, hard: Iterable[str]) -> str:
    """What containers must specify because a quota counts it; empty when nothing is missing."""
    lacking: dict[str, list[str]] = {}
    for resource in sorted(hard):
        part, name = _required(resource)
        if not part:
            continue
        for container in objects(pod, "spec", "containers"):
            if name not in _amounts(container, part):
                lacking.setdefault(resource, []).append(text(container, "name"))
    return "; ".join(f"{resource} for: {','.join(names)}" for resource, names in lacking.items())


def _required(resource: str) -> tuple[str, str]:
    """Where a container says how much it wants of a resource that must be said."""
    if resource in {"cpu", "memory"}:
        return "requests", resource
    part, _, name = resource.partition(".")
    return (
        (part, name) if part in {"requests", "limits"} and name in {"cpu", "memory"} else ("", "")
    )
