"""``MachineState``: what is observed of one machine, as the launcher reports it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class _State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the parts of a state."""


class Stage(StrEnum):
    """How far a machine is. The order of the members is the order of a normal life."""

    PREPARING = "preparing"  # pod network, disks, seeds
    WAITING = "waiting"  # for a guest that comes from another launcher
    DEFINED = "defined"
    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting-down"  # asked to, guest still runs
    SHUT_OFF = "shut-off"  # the guest ended by itself or was asked to: success
    CRASHED = "crashed"  # QEMU died, guest panicked
    FAILED = "failed"  # never started; see ``error``
    MIGRATED = "migrated"  # the guest went to another launcher

    @property
    def final(self) -> bool:
        """Whether nothing comes after this stage."""
        return self in {Stage.SHUT_OFF, Stage.CRASHED, Stage.FAILED, Stage.MIGRATED}


class NicState(_State, frozen=True, kw_only=True):
    """A NIC as seen by the domain and the agent."""

    name: str = ""  # empty: known to the guest only
    mac: str = ""
    pod_nic: str = ""
    addresses: tuple[str, ...] = ()
    guest_name: str = ""
    sources: tuple[str, ...] = ()  # domain, guest-agent
    queues: int = 1
    link_up: bool = True


class OsInfo(_State, frozen=True, kw_only=True):
    """What the guest agent says of the guest's system, as in os-release(5)."""

    name: str = ""
    kernel_release: str = ""
    version: str = ""
    pretty_name: str = ""
    version_id: str = ""
    kernel_version: str = ""
    machine: str = ""
    id: str = ""


class AgentState(_State, frozen=True, kw_only=True):
    """Whether the guest agent is connected, and what it has said."""

    connected: bool = False
    version: str = ""
    commands: tuple[str, ...] = ()
    hostname: str = ""
    timezone: str = ""
    os: OsInfo = OsInfo()
    frozen: bool = False


class Problem(_State, frozen=True, kw_only=True):
    """Why something failed: the step, a sentence, whether it may work later, and what to do."""

    step: str
    message: str
    retry_helps: bool = False
    hint: str = ""


class DiskState(_State, frozen=True, kw_only=True):
    """What is seen of a disk; sizes in bytes."""

    name: str
    target: str = ""
    size: int = 0
    hotplugged: bool = False
    empty: bool = False  # a drive without a medium
    tracked: bool = False  # its changed blocks are written down


class BackupState(_State, frozen=True, kw_only=True):
    """The latest backup job. ``begun`` is what who asked for it calls its time, ``ended`` in Unix
    seconds; ``quiesced`` is ``Succeeded``, ``Failed`` or ``Skipped``.
    """

    name: str
    begun: str = ""
    checkpoint: str = ""
    disks: tuple[str, ...] = ()
    quiesced: str = ""
    completed: bool = False
    failed: bool = False
    message: str = ""
    ended: float = 0.0


class CredentialState(_State, frozen=True, kw_only=True):
    """Whether access credentials are in the guest; ``message`` says why not."""

    synchronized: bool
    message: str = ""


class LeaseState(_State, frozen=True, kw_only=True):
    """What our DHCP server saw on one bridge: offers and acknowledgements that it sent.

    ``foreign`` is the MAC of somebody else who asked, and was not answered.
    """

    bridge: str
    address: str
    offers: int = 0
    acknowledged: int = 0
    foreign: str = ""


class Move(_State, frozen=True, kw_only=True):
    """The latest move of the guest to another launcher; ``id`` is whoever's who asked for it.

    Sizes are bytes of memory, times Unix seconds, ``downtime`` is in milliseconds. ``mode`` is
    ``PreCopy``, or ``Paused`` when the guest had to stop for it.
    """

    id: str
    began: float
    mode: str = "PreCopy"
    remaining: int = 0
    total: int = 0
    downtime: int = 0
    gone: bool = False
    failed: bool = False
    reason: str = ""
    ended: float = 0.0


class MachineState(_State, frozen=True, kw_only=True):
    """One observation; ``serial`` grows with each change."""

    uid: str
    stage: Stage
    serial: int = 0
    since: float = 0.0  # Unix time of the stage
    pause_reason: str = ""  # user, io-error, ...
    # Of a final stage: guest, destroyed (asked for, or grace over), failed (QEMU died), panicked.
    stop_reason: str = ""
    accelerator: str = ""
    machine_type: str = ""
    nics: tuple[NicState, ...] = ()
    disks: tuple[DiskState, ...] = ()
    vcpus: int = 0
    memory: int = 0  # bytes
    agent: AgentState = AgentState()
    credentials: CredentialState | None = None  # None: there are none, or nobody to take them
    error: Problem | None = None
    notes: tuple[str, ...] = ()  # conditions worth showing, e.g. software emulation, ifb for dummy
    boot_count: int = 0
    move: Move | None = None
    came: float = 0.0  # Unix time at which the guest came from another launcher
    backup: BackupState | None = None


def encode(state: MachineState) -> bytes:
    """JSON of a state, one line."""
    return msgspec.json.encode(state)


def decode(text: bytes) -> MachineState:
    """Read what ``encode`` wrote."""
    return msgspec.json.decode(text, type=MachineState)
