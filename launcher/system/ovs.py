"""The Open vSwitch of a node: its own database and switch, started when somebody first needs it.

Both are processes in the node's network namespace that outlive whoever started them, with all their
files in one directory. ``switch.json`` there says that the node has a switch, and which processes
are it; a later caller finds them by it, and starts again what died: the database has everything.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from pathlib import Path

import msgspec

from launcher.errors import HostError, Timeout
from launcher.net import ovsdb
from launcher.net.ovsdb import Json, Operation
from launcher.system import files, lasting, process
from launcher.system.lasting import Lasting
from launcher.system.ovsdb import Ovsdb

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
PACKAGE = "openvswitch-switch"
DATABASE = "Open_vSwitch"
_DATABASE_SERVER, _SWITCH = "ovsdb-server", "ovs-vswitchd"
_START_SECONDS = 120.0
_SEEN_SECONDS = 60.0
_END_SECONDS = 5.0
_TICK = 0.005
_GENERIC = 16  # NETLINK_GENERIC
_GET_FAMILY, _CONTROL, _FAMILY_NAME = 3, 16, 2  # linux/genetlink.h


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """``switch.json``."""

    netns: str
    datapath: str
    processes: dict[str, Lasting] = msgspec.field(default_factory=dict)


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A running switch. ``directory`` has its database's socket; ``datapath`` is for bridges."""

    directory: Path
    netns: str
    datapath: str

    @property
    def socket(self) -> Path:
        """Where the database answers."""
        return self.directory / "db.sock"

    @property
    def environment(self) -> dict[str, str]:
        """What programs of Open vSwitch need to find it."""
        names = ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")
        return dict.fromkeys(names, str(self.directory))

    def open(self) -> Ovsdb:
        """A connection to the database; use it in a ``with`` statement."""
        return Ovsdb(self.socket, DATABASE)


def missing() -> str:
    """The Debian package that is not installed; empty when all is there."""
    with contextlib.suppress(HostError):
        for program in (_DATABASE_SERVER, _SWITCH, "ovsdb-tool"):
            process.find(program)
        return "" if SCHEMA.exists() else PACKAGE
    return PACKAGE


def find(directory: Path) -> Switch | None:
    """The switch of a directory, when one was started there; it may have died since."""
    record = _read(directory)
    if record is None:
        return None
    return Switch(directory=directory, netns=record.netns, datapath=record.datapath)


def ensure(directory: Path, netns: str) -> Switch:
    """The switch of a directory, started in a network namespace when it does not run.

    Takes 50 ms the first time, 0.1 ms when all runs. Raises ``HostError`` that names the package
    when it is not installed, and ``Timeout``.
    """
    if package := missing():
        raise HostError("Open vSwitch is not installed", f"install the package {package}")
    files.make_directory(directory, mode=0o700)
    with files.lock(directory / "lock"):
        record = _read(directory)
        if record is None or record.netns != netns:
            record = _Record(netns=netns, datapath=datapath())
        switch = Switch(directory=directory, netns=netns, datapath=record.datapath)
        if not (directory / "conf.db").exists():
            process.run(["ovsdb-tool", "create", directory / "conf.db", SCHEMA])
        for name in (_DATABASE_SERVER, _SWITCH):
            if not lasting.runs(record.processes.get(name)):
                started = _start(name, switch)
                record = msgspec.structs.replace(
                    record, processes={**record.processes, name: started}
                )
                files.write(directory / "switch.json", msgspec.json.encode(record))
                _settle(name, switch)
    return switch


def runs(directory: Path) -> bool:
    """Whether both processes of a directory's switch run."""
    record = _read(directory)
    return record is not None and all(
        lasting.runs(record.processes.get(name)) for name in (_DATABASE_SERVER, _SWITCH)
    )


def programs(directory: Path) -> dict[str, bool]:
    """Both processes of a directory's switch, and whether they run."""
    record = _read(directory)
    known = record.processes if record else {}
    return {name: lasting.runs(known.get(name)) for name in (_DATABASE_SERVER, _SWITCH)}


def stop(directory: Path) -> None:
    """End the switch of a directory, if there is one, and remove the directory."""
    record = _read(directory)
    if record is not None:
        for name in (_SWITCH, _DATABASE_SERVER):
            lasting.end(record.processes.get(name), _END_SECONDS)
    files.remove(directory)


def configure(switch: Switch, *operations: Operation, seconds: float = _SEEN_SECONDS) -> list[Json]:
    """Carry out operations in one transaction, and wait until the switch works as they say.

    As ovs-vsctl(8) does: ``next_cfg`` is counted up, and the switch repeats it in ``cur_cfg``.
    Raises ``HostError``, ``Timeout``.
    """
    with switch.open() as connection:
        results = connection.transact(
            *operations,
            ovsdb.mutate("Open_vSwitch", [], ("next_cfg", "+=", 1)),
            ovsdb.select("Open_vSwitch", [], ("next_cfg",)),
        )
        wanted = int(str(ovsdb.rows_of(results[-1])[0]["next_cfg"]))
        deadline = time.monotonic() + seconds
        while True:
            (row,) = connection.select("Open_vSwitch", [], ("cur_cfg",))
            if int(str(row["cur_cfg"])) >= wanted:
                return results[:-2]
            if time.monotonic() > deadline:
                raise Timeout(
                    "the switch's work",
                    seconds,
                    "its database has taken the change",
                    str(switch.directory / f"{_SWITCH}.log"),
                )
            time.sleep(_TICK)


def problems(switch: Switch) -> tuple[str, ...]:
    """What the switch says of interfaces that it could not open."""
    with switch.open() as connection:
        rows = connection.select("Interface", [], ("name", "error"))
    return tuple(f"{row['name']}: {row['error']}" for row in rows if isinstance(row["error"], str))


def datapath() -> str:
    """``system`` when the kernel has Open vSwitch's module, else ``netdev`` (in user space)."""
    name = b"ovs_datapath\0"
    attribute = struct.pack("=HH", 4 + len(name), _FAMILY_NAME) + name
    attribute += bytes(-len(attribute) % 4)
    body = struct.pack("=BBxx", _GET_FAMILY, 1) + attribute
    message = struct.pack("=IHHII", 16 + len(body), _CONTROL, 1, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC) as channel:
        channel.settimeout(1)
        channel.send(message)
        answer = channel.recv(4096)
    (kind,) = struct.unpack_from("=H", answer, 4)
    return "system" if kind == _CONTROL else "netdev"


def _start(name: str, switch: Switch) -> Lasting:
    directory = switch.directory
    common = ["--pidfile", "-vconsole:off", f"--log-file={directory / name}.log", "-vfile:info"]
    argv: list[str | Path] = (
        [name, directory / "conf.db", f"--remote=punix:{switch.socket}", *common]
        if name == _DATABASE_SERVER
        else [name, f"unix:{switch.socket}", *common]
    )
    with contextlib.suppress(FileNotFoundError):
        # A server that finds the pid file of one that was killed, and that pid in use, will not
        # start.
        (directory / f"{name}.pid").unlink()
    child = process.spawn(
        argv, log=directory / f"{name}.out", env=switch.environment, netns=switch.netns
    )
    return lasting.note(child.pid)


def _settle(name: str, switch: Switch) -> None:
    """Wait until a process that was started does its work."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if name == _DATABASE_SERVER:
                _prepare(switch)
            else:
                configure(switch)
        except HostError as error:
            record = _read(switch.directory)
            alive = record is not None and lasting.runs(record.processes.get(name))
            if not alive or time.monotonic() > deadline:
                raise HostError(
                    f"`{name}` of {switch.netns} did not start: {_last_words(name, switch, error)}"
                ) from error
            time.sleep(_TICK)
        else:
            return


def _prepare(switch: Switch) -> None:
    """The switch's own row, with what must be there before the switch reads it.

    Segments offloaded to the network card stay whole in user space, too: without it, TCP of pods
    whose checksums are left to the hardware does not get through.
    """
    with switch.open() as connection:
        if not connection.select("Open_vSwitch", [], ("_uuid",)):
            connection.transact(
                ovsdb.insert(
                    "Open_vSwitch",
                    {"other_config": {"userspace-tso-enable": "true"}, "next_cfg": 0},
                )
            )


def _last_words(name: str, switch: Switch, error: HostError) -> str:
    with contextlib.suppress(OSError):
        told = (switch.directory / f"{name}.out").read_text(errors="replace").strip().splitlines()
        if told:
            return told[-1]
    return str(error)


def _read(directory: Path) -> _Record | None:
    try:
        return msgspec.json.decode((directory / "switch.json").read_bytes(), type=_Record)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
