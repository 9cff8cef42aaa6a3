"""Overlay networks as OVN has them: logical switches, their ports and filters, as transactions.

Tables and columns are those of ovn-nb(5); names and external ids are the caller's to choose. Also
the port of a node's own switch that a logical port is bound to (ovn-controller(8)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from launcher.net import ovsdb
from launcher.net.ovsdb import Named, Operation, Row, Uuid, Value

INTEGRATION = "br-int"
EXTERNAL = "br-ex"
SWITCHES, PORTS = "Logical_Switch", "Logical_Switch_Port"


class Localnet(msgspec.Struct, frozen=True, kw_only=True):
    """A switch's port to a network of the nodes; ``tag`` is its VLAN, 0 for none."""

    port: str
    network: str
    tag: int = 0


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """A network. ``subnets`` give its ports their addresses; none when it is empty."""

    switch: str
    external: dict[str, str] = {}
    subnets: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    localnet: Localnet | None = None

    @property
    def settings(self) -> dict[str, str]:
        """``other_config`` of the switch."""
        made = {}
        for subnet in self.subnets:
            if ":" in subnet:
                made["ipv6_prefix"] = subnet.partition("/")[0]
            else:
                made["subnet"] = subnet
        return made


class OverlayPort(msgspec.Struct, frozen=True, kw_only=True):
    """A port. Its ``mac`` and ``addresses`` (with prefixes) are the only ones that it may use."""

    name: str
    mac: str
    addresses: tuple[str, ...] = ()
    chassis: str = ""
    version: str = ""
    external: dict[str, str] = {}

    @property
    def sender(self) -> str:
        """``addresses`` and ``port_security`` of the port."""
        return " ".join([self.mac, *(one.partition("/")[0] for one in self.addresses)])


def switch_changes(wanted: Overlay, there: Row | None, ports: Sequence[Row]) -> list[Operation]:
    """What makes a switch as wanted; ``there`` is its row and ``ports`` those of its ports."""
    columns: dict[str, Value] = {
        "name": wanted.switch, "external_ids": wanted.external, "other_config": wanted.settings,
    }  # fmt: skip
    if there is None:
        inserted = [ovsdb.insert(SWITCHES, columns, "switch")]
        if wanted.localnet is not None:
            inserted[0] = ovsdb.insert(SWITCHES, {**columns, "ports": [Named("localnet")]})
            inserted.append(ovsdb.insert(PORTS, _localnet(wanted.localnet), "localnet"))
        return inserted
    made = []
    changed = {
        name: columns[name]
        for name in ("external_ids", "other_config")
        if ovsdb.table(there.get(name)) != columns[name]
    }
    if changed:
        made.append(ovsdb.update(SWITCHES, ovsdb.where(name=wanted.switch), changed))
    if wanted.localnet is not None:
        made += _localnet_changes(wanted, wanted.localnet, ports)
    return made


def _localnet_changes(
    wanted: Overlay, localnet: Localnet, ports: Sequence[Row]
) -> Iterator[Operation]:
    columns = _localnet(localnet)
    known = next((one for one in ports if one.get("name") == localnet.port), None)
    if known is None:
        yield ovsdb.insert(PORTS, columns, "localnet")
        yield ovsdb.mutate(
            SWITCHES, ovsdb.where(name=wanted.switch), ("ports", "insert", [Named("localnet")])
        )
        return
    same = ovsdb.table(known.get("options")) == columns["options"]
    if not same or ovsdb.members(known.get("tag_request")) != columns["tag_request"]:
        changed = {name: columns[name] for name in ("options", "tag_request")}
        yield ovsdb.update(PORTS, ovsdb.where(name=localnet.port), changed)


def _localnet(localnet: Localnet) -> dict[str, Value]:
    return {
        "name": localnet.port,
        "type": "localnet",
        "addresses": ["unknown"],
        "options": {"network_name": localnet.network},
        "tag_request": [localnet.tag] if localnet.tag else [],
    }


def port_changes(switch: str, port: OverlayPort, there: Row | None) -> list[Operation]:
    """What makes a port of a switch as wanted."""
    options = {}
    if port.chassis:
        options["requested-chassis"] = port.chassis
    if port.version:
        options["iface-id-ver"] = port.version
    columns: dict[str, Value] = {
        "name": port.name,
        "addresses": [port.sender],
        "port_security": [port.sender],
        "options": options,
        "external_ids": port.external,
    }
    if there is not None:
        return [ovsdb.update(PORTS, ovsdb.where(name=port.name), columns)]
    return [
        ovsdb.insert(PORTS, columns, "port"),
        ovsdb.mutate(SWITCHES, ovsdb.where(name=switch), ("ports", "insert", [Named("port")])),
    ]


def port_removal(ports: Iterable[Row]) -> list[Operation]:
    """What removes ports, wherever they are: a port goes when no switch has it."""
    found = [Uuid(str(one["_uuid"])) for one in ports]
    return [ovsdb.mutate(SWITCHES, [], ("ports", "delete", found))] if found else []


def taken(ports: Iterable[Row]) -> set[str]:
    """Addresses, without prefixes, that ports of a switch have."""
    return {
        word
        for port in ports
        for listed in ovsdb.members(port.get("addresses"))
        for word in str(listed).split()[1:]
    }


def interface_changes(
    link: str, external: Mapping[str, str], *, bridge: str = INTEGRATION
) -> list[Operation]:
    """What makes a link of a node a port of its switch."""
    port: dict[str, Value] = {"name": link, "interfaces": [Named("interface")]}
    return [
        ovsdb.insert("Interface", {"name": link, "external_ids": dict(external)}, "interface"),
        ovsdb.insert("Port", port, "port"),
        ovsdb.mutate("Bridge", ovsdb.where(name=bridge), ("ports", "insert", [Named("port")])),
    ]  # fmt: skip


def interface_removal(ports: Iterable[Row]) -> list[Operation]:
    """What takes ports out of a node's switch."""
    found = [Uuid(str(one["_uuid"])) for one in ports]
    return [ovsdb.mutate("Bridge", [], ("ports", "delete", found))] if found else []


def with_mapping(mappings: str, network: str, bridge: str = EXTERNAL) -> str:
    """``ovn-bridge-mappings`` with a network of the nodes, unless it is mapped already."""
    known = [one for one in mappings.split(",") if one]
    if not any(one.startswith(f"{network}:") for one in known):
        known.append(f"{network}:{bridge}")
    return ",".join(sorted(known))


def bridge_changes(
    name: str, datapath: str, ports: Sequence[str] = (), *, secure: bool = False
) -> list[Operation]:
    """What makes a bridge of a node's switch, with its own port and others.

    A ``secure`` one passes nothing until a controller has said what; others learn and flood.
    """
    word = name.replace("-", "_")
    made = []
    for number, port in enumerate((name, *ports)):
        interface: dict[str, Value] = {"name": port}
        if port == name:
            interface["type"] = "internal"
        made.append(ovsdb.insert("Interface", interface, f"{word}_interface{number}"))
        row: dict[str, Value] = {"name": port, "interfaces": [Named(f"{word}_interface{number}")]}
        made.append(ovsdb.insert("Port", row, f"{word}_port{number}"))
    columns: dict[str, Value] = {
        "name": name,
        "datapath_type": datapath,
        "fail_mode": "secure" if secure else "standalone",
        "ports": [Named(f"{word}_port{number}") for number in range(1 + len(ports))],
    }
    made.append(ovsdb.insert("Bridge", columns, word))
    made.append(ovsdb.mutate("Open_vSwitch", [], ("bridges", "insert", [Named(word)])))
    return made
