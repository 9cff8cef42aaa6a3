"""Which traffic pods may have: on the pod network, and on networks beside it."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Int32, IntOrString, Model
from virtctl.models.meta import LabelSelector, ObjectMeta


class IPBlock(Model, frozen=True):
    """Addresses that are no pods'."""

    cidr: str
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")
    """Parts of ``cidr`` that are not meant."""


class NetworkPolicyPeer(Model, frozen=True):
    """Pods, or addresses. With both selectors, the pods of those namespaces."""

    ip_block: IPBlock | None = None
    namespace_selector: LabelSelector | None = None
    """Namespaces whose pods are meant; the policy's own when absent."""
    pod_selector: LabelSelector | None = None


class NetworkPolicyPort(Model, frozen=True):
    """Ports of one protocol."""

    protocol: str = ""
    """TCP, UDP or SCTP; TCP when absent."""
    port: IntOrString | None = None
    """A number, or the name of a port of the pods; all ports when absent."""
    end_port: Int32 | None = None
    """The last of the ports that begin at ``port``."""


class NetworkPolicyIngressRule(Model, frozen=True):
    """What may come; from all when ``from`` is empty, to all ports when ``ports`` is."""

    from_: tuple[NetworkPolicyPeer, ...] = msgspec.field(default=(), name="from")
    ports: tuple[NetworkPolicyPort, ...] = ()


class NetworkPolicyEgressRule(Model, frozen=True):
    """What may go; to all when ``to`` is empty, to all ports when ``ports`` is."""

    to: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


class NetworkPolicySpec(Model, frozen=True):
    """Which pods it is about, and what is allowed to them; nothing else is."""

    pod_selector: LabelSelector
    ingress: tuple[NetworkPolicyIngressRule, ...] = ()
    egress: tuple[NetworkPolicyEgressRule, ...] = ()
    policy_types: tuple[str, ...] = ()
    """Ingress, Egress or both. When absent Ingress, and Egress if there are rules of it."""


class NetworkPolicy(Model, frozen=True):
    """What pods may have on the pod network."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: NetworkPolicySpec | None = None


class MultiNetworkPolicy(Model, frozen=True):
    """What pods may have on the networks of the annotation k8s.v1.cni.cncf.io/policy-for."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: NetworkPolicySpec | None = None
