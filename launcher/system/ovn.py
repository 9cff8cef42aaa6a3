"""OVN for an instance's nodes: the databases and ovn-northd, and an ovn-controller on each node.

The central part is in ``ovn`` of the instance's directory, a node's in its own. All programs
outlive whoever started them; a later caller finds them, and starts again what died.

Nodes reach each other by Geneve over the fabric, on which each gets the card ``enp1s0`` for that.
The card is a port of ``br-ex``, which has the node's address there, since tunnels of a switch in
user space leave by a bridge of that switch. The node's link to the host stays as it is.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.net import overlay, ovsdb
from launcher.net.model import Address
from launcher.net.nodes import HostNetwork, HostNode
from launcher.system import cards, daemons, files, namespaces, netlink, ovs, process, sysctls
from launcher.system.daemons import Daemon
from launcher.system.ovs import Switch
from launcher.system.ovsdb import Ovsdb

SCHEMAS = Path("/usr/share/ovn")
PACKAGES = {"ovn-northd": "ovn-central", "ovn-controller": "ovn-host"}
UPLINK = "enp1s0"
"""The card on the fabric that is a port of ``br-ex``."""
NORTH, SOUTH = "OVN_Northbound", "OVN_Southbound"
PHYSICAL = "physnet"
"""The network that ``br-ex`` is from the start."""
_DATABASES = {"nb": NORTH, "sb": SOUTH}
_TUNNELS = "169.254.78.{}/24"
_LISTENS = 5.0
_TRIES = 5


@dataclass(frozen=True)
class Central:
    """The databases of an instance."""

    directory: Path

    @property
    def south(self) -> Path:
        """Where controllers find the database of chassis and bindings."""
        return self.directory / "sb.sock"

    def north(self) -> Ovsdb:
        """A connection to the database of networks; use it in a ``with`` statement."""
        return _open(self.directory / "nb.sock", NORTH)

    def bindings(self) -> Ovsdb:
        """A connection to the database of chassis and bindings."""
        return _open(self.south, SOUTH)


def missing() -> tuple[str, ...]:
    """The Debian packages that are not installed; none when all is there."""
    found = [ovs.missing()] if ovs.missing() else []
    for program, package in PACKAGES.items():
        try:
            process.find(program)
        except HostError:
            found.append(package)
    return tuple(found)


def central_of(network: HostNetwork) -> Central:
    """Where an instance's databases are, or would be."""
    return Central(Path(network.directory) / "ovn")


def is_there(network: HostNetwork) -> bool:
    """Whether the instance has OVN; it may have died since."""
    return (central_of(network).directory / "nb.db").exists()


def ensure(network: HostNetwork) -> Central:
    """The instance's databases and ovn-northd, started when they do not run.

    Takes 160 ms the first time, 1 ms when all runs. Raises ``HostError`` naming packages.
    """
    if packages := missing():
        raise HostError(
            f"OVN is not installed: the packages {', '.join(packages)} are missing",
            f"install them: apt-get install {' '.join(packages)}",
        )
    central = central_of(network)
    directory = central.directory
    files.make_directory(directory, mode=0o700)
    with files.lock(directory / "lock"):
        for short, database in _DATABASES.items():
            _ensure_database(directory, short, database)
        daemons.ensure(directory, _northd(directory), env=_environment(directory))
        common = tuple(dict.fromkeys((*network.fabric, UPLINK)))
        cards.join(msgspec.structs.replace(network, fabric=common))
    return central


def _ensure_database(directory: Path, short: str, database: str) -> None:
    path = directory / f"{short}.db"
    if not path.exists():
        schema = SCHEMAS / f"ovn-{short}.ovsschema"
        process.run(["ovsdb-tool", "create", path, schema])
    socket = directory / f"{short}.sock"
    argv = ("ovsdb-server", str(path), f"--remote=punix:{socket}",
            f"--unixctl={directory}/{short}.ctl", *_logging(directory, short))  # fmt: skip
    daemon = Daemon(f"ovsdb-server-{short}", argv, socket)
    if daemons.ensure(directory, daemon, env=_environment(directory)):
        table = "NB_Global" if short == "nb" else "SB_Global"
        with _open(socket, database) as connection:
            if not connection.select(table, [], ("_uuid",)):
                connection.transact(ovsdb.insert(table, {}))


def _northd(directory: Path) -> Daemon:
    control = directory / "northd.ctl"
    argv = ("ovn-northd", f"--ovnnb-db=unix:{directory}/nb.sock",
            f"--ovnsb-db=unix:{directory}/sb.sock", f"--unixctl={control}",
            *_logging(directory, "northd"))  # fmt: skip
    return Daemon("ovn-northd", argv, control)


def ensure_node(network: HostNetwork, node: HostNode, central: Central) -> Switch:
    """A node's part: its switch, ``br-ex`` on the fabric, and ovn-controller.

    Takes 200 ms the first time. Raises ``HostError``.
    """
    place = Path(network.directory) / "nodes" / node.name
    switch = ovs.ensure(place / "ovs", node.netns)
    directory = place / "ovn"
    files.make_directory(directory, mode=0o700)
    with files.lock(directory / "lock"):
        with namespaces.in_netns(node.netns):
            netlink.change_link(UPLINK, up=True)
            external = any(link.name == overlay.EXTERNAL for link in netlink.links())
        if not external or not (directory / "configured").exists():
            _configure(switch, node, central)
            files.write(directory / "configured", b"")
        _ensure_external(node, switch)
        control = directory / "controller.ctl"
        argv = ("ovn-controller", f"unix:{switch.socket}", f"--unixctl={control}",
                *_logging(directory, "controller"))  # fmt: skip
        daemon = Daemon("ovn-controller", argv, control)
        environment = {**switch.environment, "OVN_RUNDIR": str(directory)}
        daemons.ensure(directory, daemon, netns=node.netns, env=environment)
    return switch


def _configure(switch: Switch, node: HostNode, central: Central) -> None:
    """What ovn-controller reads (ovn-controller(8)), beside what others put there meanwhile."""
    ours = {
        "system-id": node.name,
        "hostname": node.name,
        "ovn-remote": f"unix:{central.south}",
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": tunnel_address(node).ip,
        "ovn-bridge-datapath-type": switch.datapath,
    }
    for left in reversed(range(_TRIES)):
        with switch.open() as connection:
            (row,) = connection.select("Open_vSwitch", [], ("external_ids",))
            bridges = {str(one["name"]) for one in connection.select("Bridge", [], ("name",))}
        known = ovsdb.table(row["external_ids"])
        mappings = overlay.with_mapping(known.get("ovn-bridge-mappings", ""), PHYSICAL)
        changes = [
            # Policies change the same column: then it is read again.
            ovsdb.wait("Open_vSwitch", [], [{"external_ids": known}]),
            ovsdb.update(
                "Open_vSwitch",
                [],
                {"external_ids": {**known, **ours, "ovn-bridge-mappings": mappings}},
            ),
        ]
        if overlay.EXTERNAL not in bridges:
            changes += overlay.bridge_changes(overlay.EXTERNAL, switch.datapath, (UPLINK,))
        if overlay.INTEGRATION not in bridges:
            # ovn-controller would make it later, and ports that come before would be lost.
            changes += overlay.bridge_changes(overlay.INTEGRATION, switch.datapath, secure=True)
        try:
            ovs.configure(switch, *changes)
        except HostError:
            if not left:
                raise
        else:
            return


def _ensure_external(node: HostNode, switch: Switch) -> None:
    """The node's address on ``br-ex``; a switch that was started again has made the link anew."""
    with namespaces.in_netns(node.netns):
        known = {link.name: link for link in netlink.links()}
        link = known.get(overlay.EXTERNAL)
        if link is None:
            raise HostError(
                f"the node {node.name} has no bridge {overlay.EXTERNAL}: {ovs.problems(switch)}"
            )
        if not link.up:
            sysctls.write_if_other(f"net/ipv6/conf/{overlay.EXTERNAL}/disable_ipv6", "1")
            netlink.change_link(overlay.EXTERNAL, up=True)
        if tunnel_address(node) not in (link.addresses or ()):
            netlink.add_address(overlay.EXTERNAL, tunnel_address(node))


def tunnel_address(node: HostNode) -> Address:
    """A node's address on the fabric: link-local, so that it is in nobody's way."""
    return Address.parse(_TUNNELS.format(_number(node)))


def revive(network: HostNetwork) -> tuple[str, ...] | None:
    """Start what does not run; says what. Nothing is done when there is no OVN: None.

    Raises ``HostError``.
    """
    if not is_there(network):
        return None
    there = [node for node in network.nodes if namespaces.exists(node.netns)]
    before = _running(network, there)
    central = ensure(network)
    for node in there:
        ensure_node(network, node, central)
    return tuple(sorted(_running(network, there) - before))


def _running(network: HostNetwork, nodes: Sequence[HostNode]) -> set[str]:
    """All programs that run, those of switches too."""
    return {name for node in nodes for name, runs in programs(network, node).items() if runs}


def processes(network: HostNetwork) -> dict[str, int]:
    """The programs of OVN that run, ``node/name`` or the name alone, with their process ids."""
    found = dict(daemons.running(central_of(network).directory))
    for node in network.nodes:
        home = Path(network.directory) / "nodes" / node.name / "ovn"
        found |= {f"{node.name}/{name}": pid for name, pid in daemons.running(home).items()}
    return found


def programs(network: HostNetwork, node: HostNode) -> dict[str, bool]:
    """What overlay networks need on a node and for all nodes, and whether it runs.

    Empty when the instance has no OVN.
    """
    if not is_there(network):
        return {}
    home = Path(network.directory) / "nodes" / node.name
    central = daemons.running(central_of(network).directory)
    names = (*(f"ovsdb-server-{short}" for short in _DATABASES), "ovn-northd")
    return {
        **{name: name in central for name in names},
        **{f"{node.name}/{name}": runs for name, runs in ovs.programs(home / "ovs").items()},
        f"{node.name}/ovn-controller": "ovn-controller" in daemons.running(home / "ovn"),
    }


def end_node(network: HostNetwork, node: HostNode) -> None:
    """End a node's part, and have the others forget it; what is not there is fine."""
    home = Path(network.directory) / "nodes" / node.name / "ovn"
    daemons.stop(home)
    files.remove(home)
    central = central_of(network)
    if not daemons.running(central.directory):
        return
    with contextlib.suppress(HostError):  # they are about to end, too
        with central.bindings() as connection:
            for table in ("Chassis_Private", "Chassis"):
                connection.transact(ovsdb.delete(table, ovsdb.where(name=node.name)))
        with central.north() as connection:
            rows = connection.select(overlay.PORTS, [], ("_uuid", "options"))
            ours = [
                row
                for row in rows
                if ovsdb.table(row["options"]).get("requested-chassis") == node.name
            ]
            if changes := overlay.port_removal(ours):
                connection.transact(*changes)


def end(network: HostNetwork) -> None:
    """End the central part; nothing is fine. The fabric is ended by who has made the nodes."""
    directory = central_of(network).directory
    daemons.stop(directory)
    files.remove(directory)


def chassis(network: HostNetwork) -> tuple[str, ...]:
    """The nodes that OVN knows, sorted. Raises ``HostError``."""
    with central_of(network).bindings() as connection:
        return tuple(sorted(str(row["name"]) for row in connection.select("Chassis", [], ["name"])))


def _open(socket: Path, database: str) -> Ovsdb:
    """A connection to a server that may have been started a moment ago."""
    deadline = time.monotonic() + _LISTENS
    while True:
        try:
            return Ovsdb(socket, database)
        except HostError:
            if not socket.exists() or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _number(node: HostNode) -> int:
    """Which of the instance's nodes it is, from 1."""
    found = re.search(r"\d+$", node.uplink)
    return int(found[0]) if found else 1


def _logging(directory: Path, name: str) -> tuple[str, ...]:
    return "-vconsole:off", f"--log-file={directory}/{name}.log", "-vfile:info"


def _environment(directory: Path) -> dict[str, str]:
    names = ("OVN_RUNDIR", "OVN_LOGDIR", "OVN_DBDIR", "OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR")
    return dict.fromkeys(names, str(directory))
