"""How application-aware quotas count: pods as they are, launcher pods by the method that is chosen.

Pods of the namespaces that AAQ is for are gated when they are made, and wait for room. Facts: AAQ's
virt-launcher calculator.
"""

from __future__ import annotations

from collections.abc import Mapping

from virtctl.errors import InvalidField
from virtctl.local.api.context import Stored
from virtctl.local.api.quotas.usage import Usage, guest, is_launcher, usage_of
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    integer,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import AAQ, NAMESPACE, POD, Kind
from virtctl.wire.labelselectors import read_selector
from virtctl.wire.quantities import Notation, Quantity, quantity_or_none

GATE = "ApplicationAwareQuotaGate"
ENABLING = "application-aware-quota/enable-gating"
"""Label of the namespaces that AAQ is for unless its object selects others."""
DEFAULT_METHOD = "DedicatedVirtualResources"
_TARGET = "kubevirt.io/migrationJobUID"
_INSTANCES = ("requests.instances/vmi", "instances/vmi")
_DEDICATED = {
    "cpu": ("requests.cpu/vmi", "cpu/vmi"),
    "memory": ("requests.memory/vmi", "memory/vmi"),
}
_VIRTUAL = {
    resource: (resource, f"requests.{resource}", f"limits.{resource}")
    for resource in ("cpu", "memory")
}
_OF_PODS = frozenset(
    {"pods", "count/pods", "cpu", "memory", "ephemeral-storage", *_INSTANCES,
     *_DEDICATED["cpu"], *_DEDICATED["memory"]}
)  # fmt: skip
_ZERO = Quantity(0)


# --- whom it is for -------------------------------------------------------------------------


def selects(aaq: Document, namespace: Document) -> bool:
    """Whether AAQ is for ``namespace``."""
    given = child(aaq, "spec", "namespaceSelector")
    if given:
        return fits(given, namespace)
    return ENABLING in strings(namespace, "metadata", "labels")


def fits(selector: Document, namespace: Document) -> bool:
    """Whether ``namespace`` has the labels; none has those of a selector that is broken."""
    try:
        return read_selector(selector).matches(strings(namespace, "metadata", "labels"))
    except InvalidField:
        return False


def method_of(aaq: Document) -> str:
    """How ``aaq`` has launcher pods counted."""
    path = ("spec", "configuration", "vmiCalculatorConfiguration", "configName")
    return text(aaq, *path) or DEFAULT_METHOD


def is_gated(pod: Document) -> bool:
    """Whether ``pod`` waits for room in a quota."""
    return any(text(gate, "name") == GATE for gate in objects(pod, "spec", "schedulingGates"))


def gate(kind: Kind, document: Document, stored: Stored) -> None:
    """Have a new pod wait, in place, where AAQ is for its namespace."""
    if kind != POD or is_gated(document):
        return
    installed = next(iter(stored.list(AAQ, "")), None)
    if installed is None:
        return
    namespace = stored.get(NAMESPACE, "", namespace_of(document))
    if namespace is None or not selects(installed, namespace):
        return
    gates: list[JsonValue] = [*objects(document, "spec", "schedulingGates"), {"name": GATE}]
    child(document, "spec")["schedulingGates"] = gates


def without_gate(pod: Document) -> list[JsonValue]:
    """The other gates of ``pod``."""
    return [gate for gate in objects(pod, "spec", "schedulingGates") if text(gate, "name") != GATE]


def is_of_pods(resource: str) -> bool:
    """Whether pods use ``resource``; others are left to a ResourceQuota."""
    return resource in _OF_PODS or (
        resource.startswith(("requests.", "limits.", "hugepages-"))
        and resource != "requests.storage"
    )


# --- how much -------------------------------------------------------------------------------


def pod_usage(pod: Document, vmi: Document | None, method: str, overhead: int = 0) -> Usage:
    """What ``pod`` uses; ``vmi`` is the machine in a launcher pod.

    ``overhead`` is how many bytes the pod has been given beside the machine's own memory.

    The target of a migration counts for what the machine has more there than where it runs.
    """
    if vmi is None or not is_launcher(pod) or method == "IgnoreVmiCalculator":
        return usage_of(POD, pod)
    if method == "GuestEffectiveResources":
        used = _without_overhead(pod, overhead)
        return dict.fromkeys(used, _ZERO) if _is_target(pod, vmi) else used
    if not _is_target(pod, vmi):
        return _launcher_usage(pod, vmi, method, runs_there=True)
    there = _launcher_usage(pod, vmi, method, runs_there=False)
    here = _launcher_usage(pod, vmi, method, runs_there=True)
    return {name: _more(amount, here.get(name, _ZERO)) for name, amount in there.items()}


def _more(amount: Quantity, before: Quantity) -> Quantity:
    return amount - before if amount > before else _ZERO


def _is_target(pod: Document, vmi: Document) -> bool:
    """Whether a machine is being moved into ``pod``, which its label says of old ones, too."""
    if _TARGET not in strings(pod, "metadata", "labels"):
        return False
    runs_on = text(vmi, "status", "nodeName")
    return bool(runs_on) and text(pod, "spec", "nodeName") != runs_on


def _launcher_usage(pod: Document, vmi: Document, method: str, *, runs_there: bool) -> Usage:
    has = guest_of(vmi, runs_there=runs_there)
    match method:
        case "VmiPodUsage":
            return usage_of(POD, pod)
        case "VirtualResources":
            one = Quantity.of(1)
            return {"pods": one, "count/pods": one, **_spelled(has, _VIRTUAL)}
        case _:
            return {**dict.fromkeys(_INSTANCES, Quantity.of(1)), **_spelled(has, _DEDICATED)}


def _spelled(has: Usage, names: Mapping[str, tuple[str, ...]]) -> Usage:
    return {name: has[resource] for resource in names for name in names[resource]}


def _without_overhead(pod: Document, overhead: int) -> Usage:
    """What the machine's container uses; ``memory`` alone, without a prefix, is not made less."""
    used = usage_of(POD, _compute_only(pod))
    more = Quantity.of(overhead, Notation.BINARY)
    for name in ("requests.memory", "limits.memory"):
        if name in used:
            used[name] = _more(used[name], more)
    return used


def _compute_only(pod: Document) -> Document:
    compute: list[JsonValue] = [
        container
        for container in objects(pod, "spec", "containers")
        if text(container, "name") == "compute"
    ]
    return {**pod, "spec": {"containers": compute}}


def guest_of(vmi: Document, *, runs_there: bool) -> Usage:
    """``cpu`` and ``memory`` of a machine's guest: as it runs, or as it is to be."""
    wanted = guest(vmi)
    found = {"cpu": wanted["requests.cpu/vmi"], "memory": wanted["requests.memory/vmi"]}
    if runs_there:
        memory = quantity_or_none(find(vmi, "status", "memory", "guestRequested"))
        found["memory"] = memory or found["memory"]
        topology = child(vmi, "status", "currentCPUTopology")
        if topology:
            count = 1
            for factor in ("sockets", "cores", "threads"):
                count *= integer(topology, factor, default=1) or 1
            found["cpu"] = Quantity.of(count)
    return found
