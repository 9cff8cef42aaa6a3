"""``local status``: components, nodes, machines, and what the host was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from virtctl.errors import LocalError, VirtctlError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import directory, process
from virtctl.local.daemon.process import DaemonProcess
from virtctl.local.layout import InstanceLayout
from virtctl.models.documents import (
    Document,
    JsonValue,
    find,
    integer,
    name_of,
    objects,
    strings,
    text,
)

List = Callable[[str], list[Document]]


@dataclass(frozen=True)
class Sources:
    """Where the picture comes from.

    ``listing`` reads a collection of the API by its path, ``changes`` tells what the host was
    given, ``problem`` says what is wrong with the directory itself.
    """

    layout: InstanceLayout
    config: LocalConfig | None
    daemon: DaemonProcess | None
    listing: List
    changes: Callable[[], Iterable[str]] = tuple
    problem: str = ""


def sources(layout: InstanceLayout, listing: List) -> Sources:
    """Where the picture of an instance comes from."""
    from virtctl.local.node import teardown

    problem = ""
    try:
        config = process.read_config(layout)
    except LocalError as error:
        config, problem = directory.known_config(layout), str(error)
    changes = partial(teardown.changes, layout, config)
    return Sources(layout, config, process.find(layout), listing, changes, problem)


def collect(sources: Sources) -> Document:
    """The whole picture as JSON; parts that need the API are empty when the daemon is down.

    Guests outlive the daemon, so machines are told of then too, by what is on disk. ``host`` is
    None for those who may not see it, which are all but root. ``state`` is
    running, unreachable (the daemon lives and does not answer), stopped or absent;
    ``problem`` says more.
    """
    from virtctl.local.node import ondisk

    config, daemon = sources.config, sources.daemon
    picture: Document = {
        "directory": str(sources.layout.root),
        "state": _state(config, daemon),
        "problem": sources.problem,
        "version": daemon.version if daemon else (config.version if config else ""),
        "server": f"https://{config.listen}" if config else "",
        "pid": daemon.pid if daemon else 0,
        "emulation": "",
        "nodes": [],
        "components": [],
        "machines": [
            {"namespace": each.namespace, "name": each.name, "phase": "guest runs", "addresses": []}
            for each in ondisk.machines(sources.layout)
            if each.alive
        ],
        "host": [],
    }
    try:
        picture["host"] = list[JsonValue](sources.changes())
    except (LocalError, PermissionError):
        picture["host"] = None
    if config is not None and daemon is not None:
        try:
            picture.update(_objects(config, sources.listing))
        except VirtctlError as error:
            said = f"{error} ({error.hint})" if error.hint else str(error)
            picture.update({"state": "unreachable", "problem": said})
    return picture


def _state(config: LocalConfig | None, daemon: DaemonProcess | None) -> str:
    if daemon is not None:
        return "running"
    return "stopped" if config is not None else "absent"


def _objects(config: LocalConfig, listing: List) -> Document:
    """What the API tells."""
    nodes = [_node(node) for node in listing("/api/v1/nodes")]
    pods = listing(f"/api/v1/namespaces/{config.namespace}/pods")
    vmis = listing("/apis/kubevirt.io/v1/virtualmachineinstances")
    return {
        "emulation": _emulation(nodes),
        "nodes": list[JsonValue](nodes),
        "components": [_component(pod) for pod in sorted(pods, key=_place)],
        "machines": [_machine(vmi) for vmi in vmis],
    }


def _emulation(nodes: list[Document]) -> str:
    """Why guests run on plain QEMU; empty when they run under KVM."""
    for node in nodes:
        if node["accelerator"] == "qemu":
            return text(node, "reason")
    return ""


def _node(node: Document) -> Document:
    from virtctl.local.node.inventory import ACCELERATOR, ACCELERATOR_REASON

    annotations = strings(node, "metadata", "annotations")
    return {
        "name": name_of(node),
        "ready": condition(node, "Ready"),
        "addresses": [
            text(address, "address")
            for address in objects(node, "status", "addresses")
            if text(address, "type") == "InternalIP"
        ],
        "podCIDRs": find(node, "spec", "podCIDRs"),
        "accelerator": annotations.get(ACCELERATOR, ""),
        "reason": annotations.get(ACCELERATOR_REASON, ""),
    }


def _place(pod: Document) -> tuple[str, str]:
    return name_of(pod).rpartition("-")[0], text(pod, "spec", "nodeName")


def _component(pod: Document) -> JsonValue:
    from virtctl.local.runtime.podmanifest import COMPONENT

    containers = list(objects(pod, "status", "containerStatuses"))
    return {
        "name": strings(pod, "metadata", "labels").get("kubevirt.io", name_of(pod)),
        "pod": name_of(pod),
        "node": text(pod, "spec", "nodeName"),
        "phase": text(pod, "status", "phase"),
        "ready": condition(pod, "Ready"),
        "restarts": sum(integer(each, "restartCount") for each in containers),
        "problem": _message(pod, "Ready"),
        "doneBy": strings(pod, "metadata", "annotations").get(COMPONENT, ""),
    }


def _machine(vmi: Document) -> JsonValue:
    addresses = [text(nic, "ipAddress") for nic in objects(vmi, "status", "interfaces")]
    return {
        "namespace": text(vmi, "metadata", "namespace"),
        "name": name_of(vmi),
        "phase": text(vmi, "status", "phase"),
        "ready": condition(vmi, "Ready"),
        "node": text(vmi, "status", "nodeName"),
        "addresses": [address for address in addresses if address],
    }


def condition(document: Document, kind: str) -> str:
    """Status of a condition: True, False or Unknown."""
    found = _condition(document, kind)
    return text(found, "status") or "Unknown"


def _message(document: Document, kind: str) -> str:
    return text(_condition(document, kind), "message")


def _condition(document: Document, kind: str) -> Document:
    for item in objects(document, "status", "conditions"):
        if text(item, "type") == kind:
            return item
    return {}
