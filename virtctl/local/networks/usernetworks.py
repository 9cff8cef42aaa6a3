"""What UserDefinedNetworks and ClusterUserDefinedNetworks mean: NetworkAttachmentDefinitions.

Those of the role Secondary with the topologies Layer2 and Localnet; the rest says why not. Names
and keys are OVN-Kubernetes': k8s.ovn.org/v1.
"""

from __future__ import annotations

import msgspec

from virtctl.local.networks.attachdefs import OVN, BadDefinition
from virtctl.local.networks.overlays import LOCALNET
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue, name_of, namespace_of

LABEL = "k8s.ovn.org/user-defined-network"
FINALIZER = "k8s.ovn.org/user-defined-network-protection"
_LOCALNET_EXTRA = 100  # bytes that no tunnel takes


def network_name(network: Document) -> str:
    """The name in the CNI configuration; that of a namespace's network has the namespace in it."""
    namespace = namespace_of(network)
    return f"{namespace}_{name_of(network)}" if namespace else f"cluster_udn_{name_of(network)}"


def config(network: Document, namespace: str) -> str:
    """The CNI configuration that a network means in a namespace. Raises ``BadDefinition``."""
    spec = doc.child(network, "spec")
    spec = spec if namespace_of(network) else doc.child(spec, "network")
    topology = doc.text(spec, "topology")
    given = doc.child(spec, topology.lower())
    role = doc.text(given, "role")
    if topology not in ("Layer2", "Localnet"):
        raise BadDefinition(f"topology {topology} is not served here: use Layer2 or Localnet")
    if role != "Secondary":
        raise BadDefinition(
            f"role {role or '(none)'} is not served here: pods' first network is not OVN's; "
            "use Secondary"
        )
    made: Document = {
        "cniVersion": "1.0.0",
        "name": network_name(network),
        "netAttachDefName": f"{namespace}/{name_of(network)}",
        "role": role.lower(),
        "topology": topology.lower(),
        "type": OVN,
    }
    return msgspec.json.encode(made | _options(given, topology.lower()), order="sorted").decode()


def _options(given: Document, topology: str) -> Document:
    made: Document = {}
    if mtu := doc.integer(given, "mtu"):
        made["mtu"] = mtu
    elif topology == LOCALNET:
        made["mtu"] = 1400 + _LOCALNET_EXTRA
    for field in ("subnets", "excludeSubnets"):
        if listed := doc.items(given, field):
            made[field] = ",".join(str(one) for one in listed)
    if doc.text(given, "ipam", "lifecycle") == "Persistent":
        made["allowPersistentIPs"] = True
    _check_ipam(given)
    if topology == LOCALNET:
        made["physicalNetworkName"] = doc.text(given, "physicalNetworkName")
        if vlan := doc.integer(given, "vlan", "access", "id"):
            made["vlanID"] = vlan
    return made


def _check_ipam(given: Document) -> None:
    disabled = doc.text(given, "ipam", "mode") == "Disabled"
    if disabled and doc.items(given, "subnets"):
        raise BadDefinition("subnets must be unset when ipam.mode is Disabled")
    if not disabled and not doc.items(given, "subnets"):
        raise BadDefinition("subnets is required with ipam.mode is Enabled or unset")


def definition(network: Document, namespace: str, owner: Document) -> Document:
    """The NetworkAttachmentDefinition in a namespace; ``owner`` refers to the network."""
    owners: list[JsonValue] = [owner]
    finalizers: list[JsonValue] = [FINALIZER]
    return {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": {
            "name": name_of(network),
            "namespace": namespace,
            "labels": {LABEL: ""},
            "finalizers": finalizers,
            "ownerReferences": owners,
        },
        "spec": {"config": config(network, namespace)},
    }
