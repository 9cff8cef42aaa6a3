"""A node's Open vSwitch: its database's rows as a state, and what is wanted as a transaction.

Tables and columns are those of ovs-vswitchd.conf.db(5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from launcher.net import ovsdb
from launcher.net.ovsdb import Named, Operation, Row, Uuid, Value
from launcher.nmstate.schema import (
    Aggregation,
    Bridge,
    BridgeOptions,
    BridgePort,
    IdRange,
    Interface,
    Mapping_,
    Member,
    Ovn,
    OvsDb,
    PortVlan,
    TrunkTag,
)
from launcher.ops.nodelinks import ConfigureSwitch, SwitchBridge, SwitchPort

MAPPINGS = "ovn-bridge-mappings"
SELECTS: tuple[Operation, ...] = (
    ovsdb.select("Open_vSwitch", [], ("_uuid", "external_ids", "other_config")),
    ovsdb.select("Bridge", []),
    ovsdb.select("Port", []),
    ovsdb.select(
        "Interface", [], ("_uuid", "name", "type", "external_ids", "mtu_request", "mac", "options")
    ),
)
"""What is asked to know the switch."""


class SwitchInterface(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``Interface``."""

    uuid: str
    name: str
    kind: str = ""
    external: dict[str, str] = msgspec.field(default_factory=dict)


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``Port`` with its interfaces."""

    uuid: str
    name: str
    interfaces: tuple[SwitchInterface, ...] = ()
    columns: dict[str, object] = msgspec.field(default_factory=dict)

    @property
    def is_foreign(self) -> bool:
        """Whether a pod's network or OVN made it."""
        return any(
            {"iface-id", "attached_mac"} & set(each.external) or each.kind == "geneve"
            for each in self.interfaces
        )

    @property
    def is_patch(self) -> bool:
        """Whether it leads to another bridge."""
        return any(each.kind == "patch" for each in self.interfaces)


class BridgeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``Bridge`` with its ports."""

    uuid: str
    name: str
    ports: tuple[Port, ...] = ()
    columns: dict[str, object] = msgspec.field(default_factory=dict)
    external: dict[str, str] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)


class SwitchRows(msgspec.Struct, frozen=True, kw_only=True):
    """The whole switch."""

    uuid: str = ""
    external: dict[str, str] = msgspec.field(default_factory=dict)
    other: dict[str, str] = msgspec.field(default_factory=dict)
    bridges: tuple[BridgeRow, ...] = ()


_BRIDGE_COLUMNS = ("stp_enable", "rstp_enable", "mcast_snooping_enable", "fail_mode",
                   "datapath_type")  # fmt: skip
_PORT_COLUMNS = ("tag", "trunks", "vlan_mode", "bond_mode", "lacp", "bond_updelay",
                 "bond_downdelay", "other_config")  # fmt: skip


def read(answers: Iterable[list[Row]]) -> SwitchRows:
    """The switch, from what ``SELECTS`` found."""
    roots, bridges, ports, interfaces = answers
    ends = {str(row["_uuid"]): _read_interface(row) for row in interfaces}
    joined = {
        str(row["_uuid"]): Port(
            uuid=str(row["_uuid"]),
            name=str(row["name"]),
            interfaces=tuple(
                ends[str(one)] for one in ovsdb.members(row["interfaces"]) if str(one) in ends
            ),
            columns={name: row[name] for name in _PORT_COLUMNS if name in row},
        )
        for row in ports
    }
    return SwitchRows(
        uuid=str(roots[0]["_uuid"]) if roots else "",
        external=ovsdb.table(roots[0]["external_ids"]) if roots else {},
        other=ovsdb.table(roots[0]["other_config"]) if roots else {},
        bridges=tuple(
            sorted((_read_bridge(row, joined) for row in bridges), key=lambda each: each.name)
        ),
    )


def _read_interface(row: Row) -> SwitchInterface:
    return SwitchInterface(
        uuid=str(row["_uuid"]),
        name=str(row["name"]),
        kind=str(row.get("type") or ""),
        external=ovsdb.table(row.get("external_ids")),
    )


def _read_bridge(row: Row, ports: Mapping[str, Port]) -> BridgeRow:
    own = (ports[str(one)] for one in ovsdb.members(row["ports"]) if str(one) in ports)
    return BridgeRow(
        uuid=str(row["_uuid"]),
        name=str(row["name"]),
        ports=tuple(sorted(own, key=lambda each: each.name)),
        columns={name: row[name] for name in _BRIDGE_COLUMNS if name in row},
        external=ovsdb.table(row.get("external_ids")),
        other=ovsdb.table(row.get("other_config")),
    )


# --- as a state --------------------------------------------------------------------------------


def internal(rows: SwitchRows) -> dict[str, str]:
    """Interfaces that the switch itself makes, with their bridges."""
    return {
        end.name: bridge.name
        for bridge in rows.bridges
        for port in bridge.ports
        for end in port.interfaces
        if end.kind == "internal"
    }


def controllers(rows: SwitchRows) -> dict[str, str]:
    """The bridge of each interface of the switch that the kernel knows."""
    return {
        end.name: bridge.name
        for bridge in rows.bridges
        for port in bridge.ports
        for end in port.interfaces
        if end.kind in {"", "internal", "system"}
    }


def interfaces(rows: SwitchRows) -> list[Interface]:
    """The bridges."""
    return [_bridge(each) for each in rows.bridges]


def mappings(rows: SwitchRows) -> Ovn:
    """What OVN is told of physical networks."""
    pairs = sorted(parse_mappings(rows.external.get(MAPPINGS, "")).items())
    return Ovn(bridge_mappings=tuple(Mapping_(localnet=k, bridge=v) for k, v in pairs))


def database(rows: SwitchRows) -> OvsDb:
    """The maps of the switch itself."""
    external = {key: text for key, text in rows.external.items() if key != MAPPINGS}
    return OvsDb(external_ids={**external}, other_config={**rows.other})


def parse_mappings(text: str) -> dict[str, str]:
    """``physnet:br-ex,other:br1`` by network."""
    pairs = (part.strip().partition(":") for part in text.split(",") if ":" in part)
    return {name: bridge for name, _, bridge in pairs}


def build_mappings(pairs: Mapping[str, str]) -> str:
    """The same as text, sorted."""
    return ",".join(f"{name}:{bridge}" for name, bridge in sorted(pairs.items()))


def _bridge(row: BridgeRow) -> Interface:
    ports = tuple(_port(port) for port in row.ports if not port.is_foreign and not port.is_patch)
    return Interface(
        name=row.name,
        type="ovs-bridge",
        state="up",
        ipv4=None,
        bridge=Bridge(
            options=BridgeOptions(
                stp=bool(row.columns.get("stp_enable")),
                rstp=bool(row.columns.get("rstp_enable")),
                mcast_snooping_enable=bool(row.columns.get("mcast_snooping_enable")),
                fail_mode=_text(row.columns.get("fail_mode")),
                datapath=str(row.columns.get("datapath_type") or ""),
            ),
            port=ports,
            allow_extra_patch_ports=any(port.is_patch for port in row.ports) or None,
        ),
        ovs_db=OvsDb(external_ids={**row.external}, other_config={**row.other}),
    )


def _port(row: Port) -> BridgePort:
    bond = None
    if len(row.interfaces) > 1:
        bond = Aggregation(
            mode=bond_word(_text(row.columns.get("bond_mode")), _text(row.columns.get("lacp"))),
            port=tuple(Member(name=end.name) for end in sorted(row.interfaces, key=_name)),
        )
    return BridgePort(name=row.name, vlan=_port_vlan(row.columns), link_aggregation=bond)


def _name(end: SwitchInterface) -> str:
    return end.name


def bond_word(mode: str, lacp: str) -> str:
    """nmstate's word for a bond of OVS: LACP is a mode of its own there."""
    return "lacp" if lacp == "active" and mode in {"", "balance-tcp"} else mode or "active-backup"


def _port_vlan(columns: Mapping[str, object]) -> PortVlan | None:
    tag, trunks = _numbers(columns.get("tag")), _numbers(columns.get("trunks"))
    mode = _text(columns.get("vlan_mode"))
    if not tag and not trunks:
        return None
    if not trunks and mode in {"", "access"}:
        return PortVlan(mode="access", tag=tag[0])
    tags = tuple(
        TrunkTag(id=first) if first == last else TrunkTag(id_range=IdRange(min=first, max=last))
        for first, last in ranges(trunks)
    )
    if tag:
        return PortVlan(mode="trunk", enable_native=True, tag=tag[0], trunk_tags=tags)
    return PortVlan(mode="trunk", enable_native=False, trunk_tags=tags)


def ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers that follow each other, as the first and the last of each row."""
    first = last = None
    for number in sorted(numbers):
        if first is None or last is None:
            first = number
        elif number != last + 1:
            yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def _numbers(given: object) -> list[int]:
    if isinstance(given, int):
        return [given]
    return [int(each) for each in given] if isinstance(given, list) else []


def _text(given: object) -> str:
    """A column that is a string or nothing: an empty set."""
    return given if isinstance(given, str) else ""


# --- as a transaction --------------------------------------------------------------------------


def vacate(rows: SwitchRows, op: ConfigureSwitch) -> list[Operation]:
    """The operations before ``transaction`` for bridges that are made again.

    Their ports, those of others among them, are kept by a bridge of another name meanwhile. The
    switch knows bridges by their names: it must have seen that one is gone.
    """
    there = {each.name: each for each in rows.bridges}
    made: list[Operation] = []
    for number, bridge in enumerate(op.bridges):
        known = there.get(bridge.name)
        if not bridge.fresh or known is None:
            continue
        ports: list[Value] = [Uuid(port.uuid) for port in known.ports if port.name != known.name]
        row: dict[str, Value] = {
            "name": _meanwhile(bridge.name),
            "datapath_type": str(known.columns.get("datapath_type") or ""),
            "ports": ports,
        }
        made += _remove(known)
        made.append(ovsdb.insert("Bridge", row, f"m{number}"))
        made.append(ovsdb.mutate("Open_vSwitch", [], ("bridges", "insert", [Named(f"m{number}")])))
    return made


def transaction(rows: SwitchRows, op: ConfigureSwitch, datapath: str) -> list[Operation]:
    """The operations of ``op`` on the switch as it is; ``datapath`` is that of new bridges."""
    there = {each.name: each for each in rows.bridges}
    made: list[Operation] = []
    for name in op.absent:
        for known in (there.get(name), there.get(_meanwhile(name))):
            made += _remove(known) if known else []
    for number, bridge in enumerate(op.bridges):
        known = None if bridge.name in op.absent else there.get(bridge.name)
        keeper = there.get(_meanwhile(bridge.name))
        made += _bridge_operations(bridge, known, keeper, f"b{number}", datapath)
        made += _remove(keeper) if keeper else []
    made += _root_operations(op)
    for name, mtu in op.mtus.items():
        made.append(ovsdb.update("Interface", ovsdb.where(name=name), {"mtu_request": mtu}))
    own = {*there, *(each.name for each in op.bridges)}
    for name, mac in op.macs.items():
        made.append(_own_mac(name, mac.lower()) if name in own else _mac(name, mac.lower()))
    return made


def _mac(name: str, mac: str) -> Operation:
    return ovsdb.update("Interface", ovsdb.where(name=name), {"mac": mac})


def _own_mac(bridge: str, mac: str) -> Operation:
    """A bridge's own interface has the address of the bridge, whatever its row says."""
    return ovsdb.mutate(
        "Bridge",
        ovsdb.where(name=bridge),
        ("other_config", "delete", ["hwaddr"]),
        ("other_config", "insert", {"hwaddr": mac}),
    )


def _meanwhile(bridge: str) -> str:
    return f"{bridge[:11]}.tmp"


def _remove(bridge: BridgeRow) -> list[Operation]:
    gone: list[Value] = [Uuid(bridge.uuid)]
    return [
        ovsdb.mutate("Open_vSwitch", [], ("bridges", "delete", gone)),
        ovsdb.delete("Bridge", ovsdb.at(bridge.uuid)),
    ]


def _root_operations(op: ConfigureSwitch) -> list[Operation]:
    made: list[Operation] = []
    for column, values in (("external_ids", op.external), ("other_config", op.other)):
        if values:
            kept = {key: text for key, text in values.items() if text}
            made.append(
                ovsdb.mutate(
                    "Open_vSwitch",
                    [],
                    (column, "delete", list(values)),
                    (column, "insert", kept),
                )
            )
    return made


def _bridge_operations(
    wanted: SwitchBridge,
    known: BridgeRow | None,
    keeper: BridgeRow | None,
    named: str,
    datapath: str,
) -> list[Operation]:
    # Options that are not words are sets, and an empty word of a set is an empty one.
    columns: dict[str, Value] = {
        name: [] if (name, value) == ("fail_mode", "") else value
        for name, value in wanted.options.items()
    }
    if wanted.other or known is None:
        columns["other_config"] = _filled(known.other if known else {}, wanted.other)
    if wanted.external or known is None:
        columns["external_ids"] = _filled(known.external if known else {}, wanted.external)
    made: list[Operation] = []
    have = {port.name: port for each in (keeper, known) if each is not None for port in each.ports}
    if wanted.ports is not None or known is None:
        members: list[Value] = []
        for number, port in enumerate(wanted.ports or ()):
            operations, reference = _port_operations(port, have.get(port.name), f"{named}p{number}")
            made += operations
            members.append(reference)
        chosen = {port.name for port in wanted.ports or ()}
        members += [
            Uuid(port.uuid)
            for port in have.values()
            if port.name not in chosen and (port.is_foreign or (wanted.patches and port.is_patch))
        ]
        columns["ports"] = members
    if known is not None:
        return [*made, ovsdb.update("Bridge", ovsdb.at(known.uuid), columns)]
    row: dict[str, Value] = {"name": wanted.name, "datapath_type": datapath, **columns}
    made.append(ovsdb.insert("Bridge", row, named))
    made.append(ovsdb.mutate("Open_vSwitch", [], ("bridges", "insert", [Named(named)])))
    return made


def _filled(known: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """A map with other values; an empty one removes its key."""
    return {key: text for key, text in {**known, **wanted}.items() if text}


def _port_operations(
    wanted: SwitchPort, known: Port | None, named: str
) -> tuple[list[Operation], Value]:
    columns: dict[str, Value] = {
        "tag": [], "trunks": [], "vlan_mode": [], "bond_mode": [], "lacp": [],
        "bond_updelay": 0, "bond_downdelay": 0, "other_config": {**wanted.other},
    }  # fmt: skip
    columns.update({name: _column(given) for name, given in wanted.options.items()})
    made: list[Operation] = []
    members: list[Value] = []
    have = {end.name: end for end in known.interfaces} if known else {}
    for number, name in enumerate(wanted.interfaces):
        end = have.get(name)
        if end is not None and end.kind == wanted.kind:
            members.append(Uuid(end.uuid))
            continue
        reference = f"{named}i{number}"
        made.append(ovsdb.insert("Interface", {"name": name, "type": wanted.kind}, reference))
        members.append(Named(reference))
    columns["interfaces"] = members
    if known is not None:
        made.append(ovsdb.update("Port", ovsdb.at(known.uuid), columns))
        return made, Uuid(known.uuid)
    made.append(ovsdb.insert("Port", {"name": wanted.name, **columns}, named))
    return made, Named(named)


def _column(given: bool | int | str | tuple[int, ...]) -> Value:  # noqa: FBT001 - a value
    return list(given) if isinstance(given, tuple) else given
