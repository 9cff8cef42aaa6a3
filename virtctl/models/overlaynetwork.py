"""Overlay networks that users define, and addresses that machines keep on them."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import BY_TYPE, Int32, Model, Time
from virtctl.models.meta import LabelSelector, ObjectMeta


class OverlayCondition(Model, frozen=True):
    """One observed condition."""

    status: str
    type: str
    last_transition_time: Time | None = None
    message: str = ""
    observed_generation: int | None = None
    reason: str = ""


class IPAMConfig(Model, frozen=True):
    """Who gives addresses."""

    mode: str = ""
    """Enabled or Disabled; Enabled when absent."""
    lifecycle: str = ""
    """Persistent: addresses belong to machines, not to their pods."""


class Layer2Config(Model, frozen=True):
    """A network over all nodes that is on no network of theirs."""

    role: str
    """Primary or Secondary."""
    subnets: tuple[str, ...] = ()
    """CIDRs, one of each IP version at most."""
    join_subnets: tuple[str, ...] = ()
    mtu: Int32 | None = None
    """Bytes."""
    ipam: IPAMConfig | None = None


class Layer3Subnet(Model, frozen=True):
    """A network that is cut into one for each node."""

    cidr: str
    host_subnet: Int32 | None = None


class Layer3Config(Model, frozen=True):
    """A network of routed networks, one for each node."""

    role: str
    subnets: tuple[Layer3Subnet, ...] = ()
    join_subnets: tuple[str, ...] = ()
    mtu: Int32 | None = None


class AccessVLAN(Model, frozen=True):
    """A single VLAN."""

    id: Int32


class VLANConfig(Model, frozen=True):
    """The VLAN of a network."""

    mode: str
    """Access."""
    access: AccessVLAN | None = None


class LocalnetConfig(Model, frozen=True):
    """A network that is one of the nodes' own."""

    physical_network_name: str
    """What a node's bridge mappings call it."""
    role: str
    """Secondary."""
    exclude_subnets: tuple[str, ...] = ()
    ipam: IPAMConfig | None = None
    mtu: Int32 | None = None
    subnets: tuple[str, ...] = ()
    vlan: VLANConfig | None = None
    """None: frames without a tag."""


class UserDefinedNetworkSpec(Model, frozen=True):
    """A network of one namespace."""

    topology: str
    """Layer2 or Layer3."""
    layer2: Layer2Config | None = None
    layer3: Layer3Config | None = None


class UserDefinedNetworkStatus(Model, frozen=True):
    """What came of it."""

    conditions: Annotated[tuple[OverlayCondition, ...], BY_TYPE] = ()


class UserDefinedNetwork(Model, frozen=True):
    """An overlay network of one namespace."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: UserDefinedNetworkSpec | None = None
    status: UserDefinedNetworkStatus | None = None


class NetworkSpec(Model, frozen=True):
    """A network of several namespaces."""

    topology: str
    """Layer2, Layer3 or Localnet."""
    layer2: Layer2Config | None = None
    layer3: Layer3Config | None = None
    localnet: LocalnetConfig | None = None


class ClusterUserDefinedNetworkSpec(Model, frozen=True):
    """A network, and the namespaces that have it."""

    namespace_selector: LabelSelector
    network: NetworkSpec


class ClusterUserDefinedNetwork(Model, frozen=True):
    """An overlay network of several namespaces."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: ClusterUserDefinedNetworkSpec | None = None
    status: UserDefinedNetworkStatus | None = None


class IPAMClaimSpec(Model, frozen=True):
    """What addresses are for."""

    network: str
    """The name in the network's CNI configuration."""
    interface: str
    """The pod's link."""


class OwnerPod(Model, frozen=True):
    """The pod that has the addresses now."""

    name: str = ""


class IPAMClaimStatus(Model, frozen=True):
    """What was given."""

    ips: tuple[str, ...] = ()
    """Addresses with their prefixes."""
    owner_pod: OwnerPod | None = None
    conditions: Annotated[tuple[OverlayCondition, ...], BY_TYPE] = ()


class IPAMClaim(Model, frozen=True):
    """Addresses that outlive a pod."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: IPAMClaimSpec | None = None
    status: IPAMClaimStatus | None = None
