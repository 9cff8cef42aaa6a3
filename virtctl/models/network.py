"""Interfaces and the networks that they join."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Count, Empty, Int32, Model


class PluginBinding(Model, frozen=True):
    """A binding plugin that the KubeVirt object registers."""

    name: str


class DhcpPrivateOption(Model, frozen=True):
    """A private DHCP option, 224 to 254."""

    option: int
    value: str


class DhcpOptions(Model, frozen=True):
    """Answers of the built-in DHCP server."""

    boot_file_name: str = ""
    ntp_servers: tuple[str, ...] = ()
    private_options: tuple[DhcpPrivateOption, ...] = ()
    tftp_server_name: str = ""


class PortRange(Model, frozen=True):
    """A range of ports that is forwarded to the guest."""

    end: Int32
    protocol: str
    start: Int32


class Port(Model, frozen=True):
    """A port that is forwarded to the guest."""

    port: Int32
    """Number, 1 to 65535."""
    name: str = ""
    protocol: str = ""
    """TCP (the default) or UDP."""


class Interface(Model, frozen=True):
    """A network interface; one binding is set."""

    name: str
    """The network of the same name is what it joins."""
    acpi_index: int = 0
    binding: PluginBinding | None = None
    boot_order: Count | None = None
    """Place among boot devices, from 1."""
    bridge: Empty | None = None
    """With the pod's own address, by a bridge."""
    dhcp_options: DhcpOptions | None = None
    mac_address: str = ""
    """Address of the guest; from the pool when absent."""
    macvtap: Empty | None = None
    masquerade: Empty | None = None
    """Behind the pod's address by NAT."""
    model: str = ""
    """virtio (the default), e1000, e1000e and others."""
    passt: Empty | None = None
    passt_binding: Empty | None = None
    pci_address: str = ""
    port_ranges: tuple[PortRange, ...] = ()
    ports: tuple[Port, ...] = ()
    """Ports that are forwarded; all when empty."""
    slirp: Empty | None = None
    sriov: Empty | None = None
    state: str = ""
    """up, down or absent: the link, or unplugging."""
    tag: str = ""


class MultusNetwork(Model, frozen=True):
    """A network of a NetworkAttachmentDefinition."""

    network_name: str
    """``namespace/name`` of a NetworkAttachmentDefinition."""
    default: bool | None = None
    """Whether it takes the place of the pod's network."""


class PodNetwork(Model, frozen=True):
    """The cluster's pod network."""

    vm_ipv6_network_cidr: str = msgspec.field(name="vmIPv6NetworkCIDR", default="")
    """IPv6 subnet between pod and guest; fd10:0:2::/120 when absent."""
    vm_network_cidr: str = msgspec.field(name="vmNetworkCIDR", default="")
    """IPv4 subnet between pod and guest; 10.0.2.0/24 when absent."""


class ClaimNetwork(Model, frozen=True):
    """A network device from a resource claim."""

    claim_name: str = ""
    request_name: str = ""


class Network(Model, frozen=True):
    """A network that an interface joins; one source is set."""

    name: str
    multus: MultusNetwork | None = None
    pod: PodNetwork | None = None
    resource_claim: ClaimNetwork | None = None
