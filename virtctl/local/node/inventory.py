"""``HostFacts`` to the Node object: capacity, labels, addresses, conditions. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from launcher.facts import HostFacts
from virtctl.local.runtime import conditions
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.podmanifest import SCHEDULABLE
from virtctl.local.runtime.times import micro_stamp, stamp
from virtctl.models.documents import Document, JsonValue, child, objects
from virtctl.models.kinds import LEASE, NODE

ACCELERATOR = "local.virtctl.io/accelerator"
"""Annotation of a node: what runs its guests, ``kvm`` or ``qemu`` (QEMU's own translator)."""
ACCELERATOR_REASON = "local.virtctl.io/accelerator-reason"
"""Annotation of a node: why it is not KVM; empty when it is."""

LEASE_NAMESPACE = "kube-node-lease"
BRIDGE_RESOURCE = "bridge.network.kubevirt.io/"
"""Before a bridge's name: the resource of pods that are plugged into it."""

HEARTBEAT = 10.0  # seconds between renewals
LEASE_SECONDS = 40
_PODS = 110
_DEVICES = 110  # machines that may share a device node at once, as KubeVirt's device plugins say
_RESERVED = 256 * 1024 * 1024  # bytes that stay with the host
_KIBI = 1024


@dataclass(frozen=True, kw_only=True)
class NodeIdentity:
    """Who a node is: its name, addresses (IPv4 first), pod networks and our version."""

    name: str
    addresses: tuple[str, ...]
    pod_cidrs: tuple[str, ...]
    version: str
    kernel: str = ""
    system: str = ""
    control_plane: bool = True


def labels(identity: NodeIdentity, facts: HostFacts) -> dict[str, str]:
    """The labels that the agent keeps on its node."""
    found = {
        "kubernetes.io/hostname": identity.name,
        "kubernetes.io/arch": facts.architecture,
        "kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": facts.architecture,
        "beta.kubernetes.io/os": "linux",
        SCHEDULABLE: "true",
        "node-role.kubernetes.io/worker": "",
    }
    if identity.control_plane:
        found["node-role.kubernetes.io/control-plane"] = ""
    return found


def marks(accelerator: str, reason: str) -> dict[str, str]:
    """The annotations that the agent keeps on its node."""
    return {ACCELERATOR: accelerator, ACCELERATOR_REASON: reason}


def new_node(identity: NodeIdentity, facts: HostFacts) -> Document:
    """The node's document without status."""
    cidrs: list[JsonValue] = list(identity.pod_cidrs)
    return {
        "apiVersion": NODE.api_version,
        "kind": NODE.name,
        "metadata": {"name": identity.name, "labels": dict(labels(identity, facts))},
        "spec": {"podCIDR": identity.pod_cidrs[0] if identity.pod_cidrs else "", "podCIDRs": cidrs},
    }


def status(node: Document, identity: NodeIdentity, facts: HostFacts, now: float) -> Document:
    """The node's status; conditions keep their times, heartbeats are in the lease.

    ``kubectl describe`` shows a condition without a heartbeat as one of the year 1.
    """
    made = dict(child(node, "status"))
    capacity = _capacity(facts, facts.memory)
    made["capacity"] = dict(capacity)
    made["allocatable"] = dict(_capacity(facts, max(facts.memory - _RESERVED, 0)))
    addresses: list[JsonValue] = [
        {"type": "InternalIP", "address": address} for address in identity.addresses
    ]
    made["addresses"] = [*addresses, {"type": "Hostname", "address": identity.name}]
    made["nodeInfo"] = {
        "architecture": facts.architecture,
        "operatingSystem": "linux",
        "kernelVersion": identity.kernel,
        "osImage": identity.system,
        "kubeletVersion": identity.version,
        "kubeProxyVersion": identity.version,
        "containerRuntimeVersion": f"virtctl-local://{identity.version.removeprefix('v')}",
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
    }
    made["daemonEndpoints"] = {"kubeletEndpoint": {"Port": 0}}
    made["conditions"] = [
        {"lastHeartbeatTime": one["lastTransitionTime"], **one}
        for one in conditions.merged(objects(made, "conditions"), _conditions(), now)
        if isinstance(one, dict)
    ]
    return made


def offered(node: Document, bridges: Collection[str]) -> Document:
    """The node's status with these bridges among what it has for pods, and no others.

    As the bridge marker of KubeVirt's network add-ons does it, so that pods which ask for a bridge
    by its resource go to nodes that have it.
    """
    made = dict(child(node, "status"))
    for field in ("capacity", "allocatable"):
        others = {
            key: value
            for key, value in child(made, field).items()
            if not key.startswith(BRIDGE_RESOURCE)
        }
        made[field] = others | {f"{BRIDGE_RESOURCE}{name}": "1k" for name in bridges}
    return made


def _capacity(facts: HostFacts, memory: int) -> dict[str, str]:
    return {
        "cpu": str(facts.cpus),
        "memory": f"{memory // _KIBI}Ki",
        "pods": str(_PODS),
        "ephemeral-storage": f"{_PODS}Gi",
        "hugepages-2Mi": "0",
        "devices.kubevirt.io/kvm": str(_DEVICES if facts.kvm_usable else 0),
        "devices.kubevirt.io/tun": str(_DEVICES if facts.tun else 0),
        "devices.kubevirt.io/vhost-net": str(_DEVICES if facts.vhost_net else 0),
    }


def _conditions() -> list[Document]:
    quiet = (
        ("MemoryPressure", "KubeletHasSufficientMemory", "the host has memory to give"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "the host has disk space to give"),
        ("PIDPressure", "KubeletHasSufficientPID", "the host has process ids to give"),
    )
    found = [
        condition(kind, "False", reason=reason, message=message) for kind, reason, message in quiet
    ]
    ready = "the node agent runs in the daemon and its pod network is up"
    return [*found, condition("Ready", "True", reason="KubeletReady", message=ready)]


def lease(identity: NodeIdentity, now: float) -> Document:
    """The heartbeat of the node."""
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {"name": identity.name, "namespace": LEASE_NAMESPACE},
        "spec": {
            "holderIdentity": identity.name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": micro_stamp(now),
        },
    }


def sign_of_life(now: float) -> Document:
    """What of a node's metadata tells KubeVirt that virt-handler lives and takes machines."""
    return {
        "annotations": {"kubevirt.io/heartbeat": stamp(now)},
        "labels": {SCHEDULABLE: "true"},
    }
