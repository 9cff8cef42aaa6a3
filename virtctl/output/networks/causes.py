"""What objects of the API say of why a machine's networks do not work: on any cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from virtctl.models.documents import Document, items, name_of, namespace_of, objects, text
from virtctl.output.networks.findings import BAD, GOOD, UNKNOWN, Finding
from virtctl.output.networks.path import BRIDGE, binding_of, definition_name, plugin_of

_EVENTS = (
    "FailedScheduling", "FailedCreate", "FailedCreatePodSandBox", "FailedAddingInterface",
    "NetworkDoubtful", "NetworkPolicyNotKept", "OverlayNetworkFailed", "OverlayProgramDied",
)  # fmt: skip
_REMEDIES = (
    ("Insufficient bridge", "make the bridge on a node: `virtctl net create lan`"),
    ("had no bridge", "make it before, by a policy: `virtctl net create lan`"),
    ("is also that of the pod", "give one of the two another address: `macAddress`, cloud-init"),
    ("namespace isolation", "put the definition into the machine's namespace, or into `default`"),
    ("MTU", "give the definition the MTU of the bridge's other ports"),
    ("ipam", "leave `ipam` out of the definition: the guest asks for its address itself"),
    ("does not filter VLANs", "make the bridge by a NodeNetworkConfigurationPolicy"),
    ("setup vlan tag", "this kernel's bridges know no VLANs: use another kernel, or leave it out"),
    ("failed to find plugin", "install the CNI plugin on the node"),
    ("is in none of /opt/cni/bin", "install the CNI plugin on the node, or correct `type`"),
    ("no IP addresses available", "give the definition's `ipam` a larger range"),
    ("has no free one left", "give the definition larger `subnets`, or exclude less"),
    ("is in use already", "give one of the two another address"),
    ("unmarshal spec.config", "make `spec.config` of the definition valid JSON"),
    ("is not installed", "install the packages that are named"),
    ("cannot find", "create the definition: `virtctl net create`"),
    ("failed to locate", "create the definition: `virtctl net create`"),
    ("not found", "create the definition: `virtctl net create`"),
)
_MADE_UP_NAME = re.compile(r"[0-9a-f]{8,}")
_SHARED_NAMESPACES = frozenset({"default", "openshift-multus", "openshift-sriov-network-operator"})


def remedy_for(message: str) -> str:
    """What helps against what a message is about; empty when that is not known."""
    return next((help_ for word, help_ in _REMEDIES if word in message), "")


def of_events(events: Iterable[Document], *, running: bool) -> Iterator[Finding]:
    """What events of a machine and its pods say about networks.

    Of a machine that runs they may be over: then they count as unknown.
    """
    state = UNKNOWN if running else BAD
    said: dict[str, str] = {}
    for event in events:
        if text(event, "reason") in _EVENTS:
            said[text(event, "message")] = text(event, "reason")
    # Attempts differ in the names of links; the last of them says all that there is to say.
    last = {(reason, _MADE_UP_NAME.sub("", message)): message for message, reason in said.items()}
    for (reason, _), message in last.items():
        if reason == "FailedScheduling" and "bridge." not in message:
            continue
        about = "wire" if reason.startswith("Overlay") else "pod"
        yield Finding("", about, reason, state, message, remedy_for(message))


def conditions(vmi: Document) -> Iterator[Finding]:
    """What an instance says of itself that keeps its network from being made."""
    for one in objects(vmi, "status", "conditions"):
        if (text(one, "type"), text(one, "status")) == ("Synchronized", "False"):
            message = text(one, "message")
            yield Finding("", "instance", "synchronized", BAD, message, remedy_for(message))


def of_definitions(
    definitions: Mapping[str, Document | None], namespace: str = ""
) -> Iterator[Finding]:
    """Whether the definitions that a machine of a namespace names are there and can be read."""
    for name, definition in definitions.items():
        where, _, _ = name.partition("/")
        if definition is None:
            said, remedy = f"there is no definition {name}", "create it: `virtctl net create`"
            yield Finding("", name, "definition", BAD, said, remedy)
        elif problem := _unreadable(definition):
            said = f"the configuration of {name_of(definition)} cannot be read: {problem}"
            yield Finding("", name, "definition", BAD, said, "make `spec.config` valid JSON")
        elif namespace and where != namespace and where not in _SHARED_NAMESPACES:
            said = (
                f"is of the namespace {where}: where namespaces are kept apart, machines of "
                f"{namespace} may not use it"
            )
            yield Finding("", name, "definition", UNKNOWN, said, remedy_for("namespace isolation"))
        else:
            yield Finding("", name, "definition", GOOD, "is there and can be read")


def of_bindings(
    spec: Document, definitions: Mapping[str, Document | None], namespace: str
) -> Iterator[Finding]:
    """Bridged guests take over addresses that the network gives their pods: others each time."""
    networks = {text(one, "name"): one for one in objects(spec, "networks")}
    for interface in objects(spec, "domain", "devices", "interfaces"):
        name = text(interface, "name")
        definition = definitions.get(definition_name(networks.get(name, {}), namespace))
        plugin = plugin_of(definition) if definition else {}
        if binding_of(interface) == BRIDGE and text(plugin, "ipam", "type"):
            said = (
                "the network has `ipam` and the NIC the bridge binding: the guest has the pod's "
                "address, and another one in each pod"
            )
            yield Finding(name, "guest", "ipam", UNKNOWN, said, remedy_for("ipam"))


def of_scheduling(vmi: Document, pod: Document) -> Iterator[Finding]:
    """What a machine with a pod waits for while it does not run."""
    phase = text(vmi, "status", "phase")
    if phase == "Running":
        return
    waits = (
        text(one, "message")
        for one in objects(pod, "status", "conditions")
        if (text(one, "type"), text(one, "status")) == ("PodScheduled", "False")
    )
    message = next(waits, "")
    said = f"the machine does not run yet, it is {phase or 'Pending'}"
    said += f": {message}" if message else ""
    yield Finding("", "pod", "running", BAD, said, remedy_for(message))


def of_node(name: str, node: Document | None) -> Iterator[Finding]:
    """Whether the node that a machine runs on is there and ready."""
    if node is None:
        said = f"the machine ran on {name}, which is no node of the cluster any more"
        yield Finding("", f"node {name}", "node", BAD, said, "start it on another: `restart`")
        return
    for one in objects(node, "status", "conditions"):
        kind, status = text(one, "type"), text(one, "status")
        if kind == "Ready" and status != "True":
            said = (
                f"is not ready: {text(one, 'message') or text(one, 'reason') or 'it says no why'}"
            )
            yield Finding("", f"node {name}", "node", BAD, said, f"virtctl describe node {name}")
        if kind == "NetworkUnavailable" and status == "True":
            yield Finding("", f"node {name}", "node", BAD, text(one, "message"))


def of_twins(vmi: Document, others: Iterable[Document]) -> Iterator[Finding]:
    """MACs and addresses of a machine that another one has on the same network."""
    mine = list(_on_networks(vmi))
    own = (namespace_of(vmi), name_of(vmi))
    for other in others:
        called = (namespace_of(other), name_of(other))
        if called == own or text(other, "status", "phase") in {"Succeeded", "Failed"}:
            continue
        for network, _, mac, addresses in _on_networks(other):
            for there, nic, my_mac, my_addresses in mine:
                if there != network or network == "pod":
                    continue
                same = [one for one in my_addresses if one in addresses]
                if mac and mac == my_mac:
                    same.insert(0, mac)
                for one in same:
                    what = "MAC" if one == mac else "address"
                    said = f"{'/'.join(called)} has the same {what} {one} on {network}"
                    remedy = f"give one of the two another {what}"
                    yield Finding(nic, "wire", "duplicate", BAD, said, remedy)


def _on_networks(vmi: Document) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Network, name, MAC and addresses of a machine's NICs."""
    networks = {text(one, "name"): one for one in objects(vmi, "spec", "networks")}
    told = {text(one, "name"): one for one in objects(vmi, "status", "interfaces")}
    for interface in objects(vmi, "spec", "domain", "devices", "interfaces"):
        name = text(interface, "name")
        state = told.get(name, {})
        mac = text(state, "mac") or text(interface, "macAddress")
        network = definition_name(networks.get(name, {}), namespace_of(vmi))
        addresses = (str(one) for one in items(state, "ipAddresses"))
        plain = tuple(one for one in addresses if not one.startswith(("fe80", "169.254")))
        yield network, name, mac.lower(), plain


def _unreadable(definition: Document) -> str:
    try:
        read = json.loads(text(definition, "spec", "config") or "null")
    except ValueError as error:
        return str(error)
    return "" if isinstance(read, dict) else "it is no object"
