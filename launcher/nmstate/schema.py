"""States as nmstate writes them (nmstate's ``NetworkState``), typed. Fields not given are None.

The same types serve a state that is desired, one that is shown, and what both make together.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from launcher.errors import SpecError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Option: TypeAlias = bool | int | str


class Part(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="kebab",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """A part of a state."""


class IpAddress(Part, frozen=True, kw_only=True):
    """An address with the length of its prefix."""

    ip: str
    prefix_length: int
    valid_life_time: str | None = None
    preferred_life_time: str | None = None

    @property
    def text(self) -> str:
        """As ``10.0.0.1/24``."""
        return f"{self.ip}/{self.prefix_length}"


class Ip(Part, frozen=True, kw_only=True):
    """IP of one version on an interface."""

    enabled: bool | None = None
    dhcp: bool | None = None
    autoconf: bool | None = None
    address: tuple[IpAddress, ...] | None = None
    auto_dns: bool | None = None
    auto_gateway: bool | None = None
    auto_routes: bool | None = None
    auto_route_table_id: int | None = None
    auto_route_metric: int | None = None
    addr_gen_mode: str | None = None
    allow_extra_address: bool | None = None
    dhcp_client_id: str | None = None
    dhcp_duid: str | None = None
    dhcp_send_hostname: bool | None = None
    forwarding: bool | None = None


class Toggle(Part, frozen=True, kw_only=True):
    """STP, on or off; times in seconds."""

    enabled: bool | None = None
    forward_delay: int | None = None
    hello_time: int | None = None
    max_age: int | None = None
    priority: int | None = None


class BridgeOptions(Part, frozen=True, kw_only=True):
    """Options of Linux bridges, and of OVS bridges below the line."""

    stp: Toggle | bool | None = None
    mac_ageing_time: int | None = None
    group_forward_mask: int | None = None
    group_addr: str | None = None
    multicast_snooping: bool | None = None
    multicast_querier: bool | None = None
    multicast_router: int | str | None = None
    vlan_protocol: str | None = None
    # OVS
    rstp: Toggle | bool | None = None
    mcast_snooping_enable: bool | None = None
    fail_mode: str | None = None
    datapath: str | None = None


class IdRange(Part, frozen=True, kw_only=True):
    """VLANs from one to another."""

    min: int
    max: int


class TrunkTag(Part, frozen=True, kw_only=True):
    """A VLAN, or a range of them."""

    id: int | None = None
    id_range: IdRange | None = None


class PortVlan(Part, frozen=True, kw_only=True):
    """VLANs of a bridge's port. ``tag`` is that of untagged frames."""

    mode: str | None = None
    tag: int | None = None
    enable_native: bool | None = None
    trunk_tags: tuple[TrunkTag, ...] | None = None


class Member(Part, frozen=True, kw_only=True):
    """A link of an OVS bond."""

    name: str


class Aggregation(Part, frozen=True, kw_only=True):
    """Several links as one: a bond of the kernel or, in a port of an OVS bridge, of OVS."""

    mode: str | None = None
    options: dict[str, Option] | None = None
    port: tuple[str | Member, ...] | None = None
    bond_updelay: int | None = None
    bond_downdelay: int | None = None
    ovs_db: OvsDb | None = None


class OvsDb(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Columns of OVSDB that are maps; a value that is null removes its key."""

    external_ids: dict[str, str | int | bool | None] | None = None
    other_config: dict[str, str | int | bool | None] | None = None


class BridgePort(Part, frozen=True, kw_only=True):
    """A port of a bridge."""

    name: str
    stp_hairpin_mode: bool | None = None
    stp_path_cost: int | None = None
    stp_priority: int | None = None
    vlan: PortVlan | None = None
    link_aggregation: Aggregation | None = None


class Bridge(Part, frozen=True, kw_only=True):
    """A bridge's options and ports."""

    options: BridgeOptions | None = None
    port: tuple[BridgePort, ...] | None = None
    allow_extra_patch_ports: bool | None = None


class Vlan(Part, frozen=True, kw_only=True):
    """A VLAN over another interface."""

    base_iface: str | None = None
    id: int | None = None
    protocol: str | None = None


class Vxlan(Part, frozen=True, kw_only=True):
    """A tunnel through UDP."""

    base_iface: str | None = None
    id: int | None = None
    remote: str | None = None
    local: str | None = None
    destination_port: int | None = None
    learning: bool | None = None


class Veth(Part, frozen=True, kw_only=True):
    """A pair of links."""

    peer: str | None = None


class Ethernet(Part, frozen=True, kw_only=True):
    """What an Ethernet link negotiates."""

    auto_negotiation: bool | None = None
    speed: int | None = None
    duplex: str | None = None


class Interface(Part, frozen=True, kw_only=True):
    """An interface. ``controller`` is the bridge or bond that it is a port of, empty for none."""

    name: str
    type: str | None = None
    state: str | None = None
    description: str | None = None
    profile_name: str | None = None
    identifier: str | None = None
    mac_address: str | None = None
    permanent_mac_address: str | None = None
    copy_mac_from: str | None = None
    mtu: int | None = None
    min_mtu: int | None = None
    max_mtu: int | None = None
    wait_ip: str | None = None
    controller: str | None = None
    ipv4: Ip | None = None
    ipv6: Ip | None = None
    bridge: Bridge | None = None
    link_aggregation: Aggregation | None = None
    vlan: Vlan | None = None
    vxlan: Vxlan | None = None
    veth: Veth | None = None
    ethernet: Ethernet | None = None
    accept_all_mac_addresses: bool | None = None
    lldp: Toggle | None = None
    ovs_db: OvsDb | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether we can make and remove it."""
        return self.type not in {None, "ethernet", "loopback", "unknown"}

    @property
    def key(self) -> tuple[str, bool]:
        """What tells it apart: an OVS bridge may have the name of an interface."""
        return self.name, self.type == "ovs-bridge"


class Route(Part, frozen=True, kw_only=True):
    """A route. ``metric`` and ``table_id`` -1 and 0 stand for the usual ones."""

    destination: str | None = None
    next_hop_interface: str | None = None
    next_hop_address: str | None = None
    metric: int | None = None
    table_id: int | None = None
    state: str | None = None
    route_type: str | None = None
    weight: int | None = None
    protocol: str | None = None


class Routes(Part, frozen=True, kw_only=True):
    """Routes that are there, and those that somebody configured."""

    running: tuple[Route, ...] | None = None
    config: tuple[Route, ...] | None = None


class Resolver(Part, frozen=True, kw_only=True):
    """Whom to ask for names."""

    server: tuple[str, ...] | None = None
    search: tuple[str, ...] | None = None
    options: tuple[str, ...] | None = None


class DnsResolver(Part, frozen=True, kw_only=True):
    """Name servers that are asked, and those that somebody configured."""

    running: Resolver | None = None
    config: Resolver | None = None


class Mapping_(Part, frozen=True, kw_only=True):  # noqa: N801 - ``Mapping`` is Python's
    """Which OVS bridge leads to a physical network of OVN."""

    localnet: str
    bridge: str | None = None
    state: str | None = None


class Ovn(Part, frozen=True, kw_only=True):
    """What OVN is told of this node."""

    bridge_mappings: tuple[Mapping_, ...] | None = None


class Hostname(Part, frozen=True, kw_only=True):
    """The node's name."""

    running: str | None = None
    config: str | None = None


class RouteRule(Part, frozen=True, kw_only=True):
    """A rule that chooses a table of routes. Marks are numbers or words like ``0x20``."""

    family: str | None = None
    state: str | None = None
    ip_from: str | None = None
    ip_to: str | None = None
    priority: int | None = None
    route_table: int | None = None
    fwmark: int | str | None = None
    fwmask: int | str | None = None
    action: str | None = None
    iif: str | None = None
    suppress_prefix_length: int | None = None


class RouteRules(Part, frozen=True, kw_only=True):
    """Rules that choose a table of routes."""

    config: tuple[RouteRule, ...] | None = None


class State(Part, frozen=True, kw_only=True):
    """The network of a node."""

    interfaces: tuple[Interface, ...] = ()
    routes: Routes | None = None
    route_rules: RouteRules | None = None
    dns_resolver: DnsResolver | None = None
    ovn: Ovn | None = None
    ovs_db: OvsDb | None = None
    hostname: Hostname | None = None

    def interface(self, name: str, *, bridge: bool | None = None) -> Interface | None:
        """The interface of a name; ``bridge`` asks for the OVS bridge, or for anything else."""
        for each in self.interfaces:
            if each.name == name and bridge in {None, each.type == "ovs-bridge"}:
                return each
        return None


TYPES = (
    "bond", "dummy", "ethernet", "linux-bridge", "loopback", "ovs-bridge", "ovs-interface",
    "unknown", "veth", "vlan", "vxlan",
)  # fmt: skip
STATES = ("absent", "down", "ignore", "up")
_MAPS = {"external_ids", "other_config"}
_ALIASES = {
    "ports": "port", "slaves": "port", "suppress_prefixlength": "suppress-prefix-length",
}  # fmt: skip


def read(document: Mapping[str, Json]) -> State:
    """A state from JSON. Raises ``SpecError`` that names the field."""
    try:
        state = msgspec.convert(_renamed(dict(document)), State)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        raise SpecError(_path(path), problem[:1].lower() + problem[1:]) from None
    return state


def write(state: State) -> dict[str, Json]:
    """A state as JSON, without what is not given."""
    made: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(state))
    return made


def listed(state: State) -> list[dict[str, Json]]:
    """Its interfaces as JSON."""
    found = write(state).get("interfaces")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def canonical(address: str) -> str:
    """An address in its usual form; one that is none stays as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _path(told: str) -> str:
    return told.strip("`").removeprefix("$").removeprefix(".") or "desiredState"


def _renamed(given: Json) -> Json:
    """With today's names for what had others, and without what is null; the switch's maps stay."""
    if isinstance(given, dict):
        return {
            ("controller" if key == "master" else _ALIASES.get(key, key)): (
                value if key in _MAPS else _renamed(value)
            )
            for key, value in given.items()
            if value is not None
        }
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [_renamed(value) for value in given]
    return given
