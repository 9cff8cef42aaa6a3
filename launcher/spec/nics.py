"""NICs, how each is bound to the pod's network, and what holds for all of that network."""

from __future__ import annotations

from launcher.spec.base import Part


class Port(Part, frozen=True, kw_only=True):
    """A port of the guest, or a range of them up to ``last``, which is then not 0."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    last: int = 0


class Masquerade(Part, frozen=True, kw_only=True, tag="masquerade"):
    """The guest is behind NAT, in networks of its own."""

    cidr: str = "10.0.2.0/24"
    cidr6: str = "fd10:0:2::/120"


class Bridge(Part, frozen=True, kw_only=True, tag="bridge"):
    """The guest takes over the pod NIC's address."""


class ManagedTap(Part, frozen=True, kw_only=True, tag="managedTap"):
    """Bridge and tap as with ``Bridge``; how the guest gets an address is not our business."""


class PluginTap(Part, frozen=True, kw_only=True, tag="pluginTap"):
    """A tap that a network plugin has made; without one, the pod's link itself."""


class Passt(Part, frozen=True, kw_only=True, tag="passt"):
    """A process in the pod speaks for the guest, which has the pod's addresses."""


class Elsewhere(Part, frozen=True, kw_only=True, tag="elsewhere"):
    """The guest gets this NIC in another way: a device of the host, or a plugin's sidecar."""


Binding = Masquerade | Bridge | ManagedTap | PluginTap | Passt | Elsewhere


class PrivateOption(Part, frozen=True, kw_only=True):
    """A DHCP option for private use, 224 to 254 (RFC 3942), as text."""

    option: int
    value: str


class DhcpOptions(Part, frozen=True, kw_only=True):
    """What DHCP tells the guest beside its address."""

    boot_file_name: str = ""
    tftp_server_name: str = ""
    ntp_servers: tuple[str, ...] = ()
    private_options: tuple[PrivateOption, ...] = ()


class Nic(Part, frozen=True, kw_only=True):
    """A guest NIC and what it is plugged into. ``pod_nic`` is the link that the CNI made.

    ``ordinal`` counts the secondary networks from 1: the pod's links of old machines are called
    ``net1``, ``net2``. ``known_mac`` is what was reported of a NIC that asks for no MAC, and
    ``known_queues`` the number of queues that a NIC of a running domain has.
    """

    name: str
    pod_nic: str
    binding: Binding
    primary: bool = True
    mac: str = ""
    model: str = ""
    ports: tuple[Port, ...] = ()
    dhcp: DhcpOptions = DhcpOptions()
    boot_order: int | None = None
    pci_address: str = ""
    acpi_index: int = 0
    state: str = ""  # "", up, down, absent
    queues: int = 0  # 0: single queue without vhost
    transitional: bool = False
    ordinal: int = 0
    known_mac: str = ""
    known_queues: int | None = None
    tag: str = ""  # by which the guest finds it in a config drive


class PodOptions(Part, frozen=True, kw_only=True):
    """What holds for all of a pod's network.

    ``tap_owner`` is the uid and gid that may open taps. ``mesh`` says that a sidecar of a service
    mesh (Istio) is in the pod. ``migration_ports`` keeps the ports of migrations by TCP from the
    guest.
    """

    tap_owner: int = 107
    mesh: bool = False
    migration_ports: bool = False


class Resolver(Part, frozen=True, kw_only=True):
    """What the pod's resolv.conf says; DHCP hands it on."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
