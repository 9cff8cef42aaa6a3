"""``MachineState`` to the status of a VirtualMachineInstance, and to what is said of it. Pure.

Phases, conditions and events are those of virt-handler (spec: api.md §4).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from launcher.state import DiskState, MachineState, NicState, OsInfo, Stage
from virtctl.local.runtime import (
    attachments,
    blocktracking,
    conditions,
    migratability,
    phases,
    podnetworks,
)
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    flag,
    integer,
    objects,
    text,
)
from virtctl.wire.quantities import Notation, Quantity, parse_quantity

SYNC_FAILED = "Synchronizing with the Domain failed."
_PAUSES = {
    "user": ("PausedByUser", "VMI was paused by user"),
    "io-error": ("PausedIOError", "VMI was paused, low-level IO error detected"),
}
_RUNS = {Stage.RUNNING, Stage.PAUSED, Stage.SHUTTING_DOWN}


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What the agent saw of a machine, and the state that it reported before."""

    state: MachineState
    before: MachineState | None = None
    emulation_reason: str = ""  # why KVM is not used; empty when it is
    failure: str = ""  # why the machine counts as failed however it ends


def phase_of(vmi: Document, state: MachineState) -> str:
    """The VMI's phase that a state means; a machine in preparation is Scheduled."""
    match state.stage:
        case Stage.PREPARING | Stage.WAITING | Stage.DEFINED:
            return "Scheduled"
        case Stage.RUNNING | Stage.PAUSED | Stage.SHUTTING_DOWN | Stage.MIGRATED:
            return "Running"
        case Stage.SHUT_OFF:
            destroyed = state.stop_reason == "destroyed" and _has_acpi(vmi)
            return "Failed" if destroyed else "Succeeded"
        case Stage.CRASHED | Stage.FAILED:
            return "Failed"


def _has_acpi(vmi: Document) -> bool:
    """Whether the guest could have powered off by itself, so that destroying it is a failure."""
    return flag(vmi, "spec", "domain", "features", "acpi", "enabled", default=True)


def status(vmi: Document, seen: Observation, now: float) -> Document:
    """The VMI's whole status after an observation."""
    state = seen.state
    made = deepcopy(child(vmi, "status"))
    if not phases.is_final(vmi):
        failed = seen.failure and state.stage.final
        phases.enter(made, "Failed" if failed else phase_of(vmi, state), now)
        if failed:
            made["reason"] = seen.failure
    if state.machine_type:
        made["machine"] = {"type": state.machine_type}
    if state.nics:
        seen_nics = [_interface(nic, made) for nic in state.nics]
        made["interfaces"] = podnetworks.reported(seen_nics, objects(made, "interfaces"))
    if state.disks:
        made["volumeStatus"] = _volumes(vmi, made, state)
    if state.stage in _RUNS:
        _resources(vmi, made, state)
    _track(vmi, made, state)
    made["migrationMethod"] = migratability.method(vmi)
    _put(made, "guestOSInfo", _guest_os(state.agent.os) if state.agent.connected else {})
    _put(made, "fsFreezeStatus", "frozen" if state.agent.frozen else "")
    movable = migratability.live_migratable({**vmi, "status": made})
    made["conditions"] = _conditions(made, seen, movable, now)
    return made


def _put(made: Document, key: str, value: Document | str) -> None:
    if value:
        made[key] = value
    else:
        made.pop(key, None)


def _track(vmi: Document, made: Document, state: MachineState) -> None:
    """Changed blocks are tracked once the domain runs with overlays, and backups go their way."""
    tracking = child(made, "changedBlockTracking")
    begun = blocktracking.is_on(vmi) and state.stage in _RUNS and bool(state.disks)
    if begun and (any(disk.tracked for disk in state.disks) or not blocktracking.has_eligible(vmi)):
        tracking["state"] = blocktracking.ENABLED
    asked, backup = child(tracking, "backupStatus"), state.backup
    if backup is None or (backup.name, backup.begun) != (
        text(asked, "backupName"),
        text(asked, "startTimestamp"),
    ):
        return
    volumes: list[JsonValue] = [{"volumeName": name} for name in backup.disks]
    asked.update({"checkpointName": backup.checkpoint, "volumes": volumes})
    asked.update({"quiesceStatus": backup.quiesced, "completed": backup.completed})
    if backup.completed:
        asked["endTimestamp"] = stamp(backup.ended)
        asked["failed"] = backup.failed
    if backup.message:
        asked["backupMsg"] = backup.message


def _interface(nic: NicState, made: Document) -> Document:
    known = [one for one in objects(made, "interfaces") if text(one, "name") == nic.name]
    pod_nic = nic.pod_nic or (text(known[0], "podInterfaceName") if known and nic.name else "")
    addresses: list[JsonValue] = list(nic.addresses)
    entry: Document = {
        "name": nic.name,
        "mac": nic.mac,
        "ipAddress": nic.addresses[0] if nic.addresses else "",
        "ipAddresses": addresses,
        "interfaceName": nic.guest_name,
        "infoSource": ", ".join(nic.sources),
        "queueCount": nic.queues if nic.name else 0,
        "podInterfaceName": pod_nic,
        "linkState": ("up" if nic.link_up else "down") if nic.name else "",
    }
    return {key: value for key, value in entry.items() if value}


def _volumes(vmi: Document, made: Document, state: MachineState) -> list[JsonValue]:
    """The known volumes with their targets; seeds and other disks that have no entry yet follow.

    Volumes that were plugged in are forgotten when they are neither wanted nor there any more.
    """
    disks = {disk.name: disk for disk in state.disks if not disk.empty}
    wanted = {text(volume, "name") for volume in objects(vmi, "spec", "volumes")}
    found: list[JsonValue] = []
    for known in objects(made, "volumeStatus"):
        name = text(known, "name")
        disk = disks.pop(name, None)
        if disk is not None:
            found.append(_volume(disk, known, wanted=name in wanted))
        elif name in wanted or find(known, "hotplugVolume") is None:
            found.append(known)
    return [*found, *(_volume(disk, {}) for disk in disks.values())]


def _volume(disk: DiskState, known: Document, *, wanted: bool = True) -> Document:
    entry: Document = {**known, "name": disk.name, "target": disk.target}
    if disk.size:
        entry["size"] = disk.size
    if disk.hotplugged:
        entry.setdefault("hotplugVolume", {})
        entry["phase"] = "Ready"
        entry["reason"] = "VolumeReady"
        entry["message"] = f"Successfully attach hotplugged volume {disk.name} to VM"
        if not wanted:
            entry["phase"] = "Detaching"
            entry["message"] = attachments.leaving(disk.name)
    return entry


def _resources(vmi: Document, made: Document, state: MachineState) -> None:
    """CPUs and memory that the guest has now; more may have come while it runs."""
    cpu = child(vmi, "spec", "domain", "cpu")
    each = integer(cpu, "cores", default=1) * integer(cpu, "threads", default=1)
    topology = child(made, "currentCPUTopology")
    sockets = state.vcpus // each
    if sockets and sockets != integer(topology, "sockets", default=1):
        made["currentCPUTopology"] = {**topology, "sockets": sockets}
    memory = child(made, "memory")
    if not memory or not state.memory:
        return
    current = Quantity.of(state.memory, Notation.BINARY)
    if parse_quantity(text(memory, "guestCurrent", default="0")) != current:
        memory["guestCurrent"] = str(current)
    asked = text(vmi, "spec", "domain", "memory", "guest")
    if asked:
        memory["guestRequested"] = asked


def _guest_os(seen: OsInfo) -> Document:
    entry: Document = {
        "name": seen.name,
        "kernelRelease": seen.kernel_release,
        "version": seen.version,
        "prettyName": seen.pretty_name,
        "versionId": seen.version_id,
        "kernelVersion": seen.kernel_version,
        "machine": seen.machine,
        "id": seen.id,
    }
    return {key: value for key, value in entry.items() if value}


def _conditions(
    made: Document, seen: Observation, movable: Document, now: float
) -> list[JsonValue]:
    state = seen.state
    wanted: list[Document] = []
    drop: list[str] = []
    if state.stage in _RUNS:
        drop.append("Synchronized")
        wanted.append(movable)
    elif state.error is not None:
        wanted.append(sync_failure(explain(state)))
    for kind, found in (
        ("Paused", _paused(state)),
        ("AgentConnected", _agent(state)),
        ("SoftwareEmulation", _emulated(seen)),
        ("PodLinkStandIn", _stood_in(state)),
        ("PodLimitsNotEnforced", _unlimited(state)),
        ("AccessCredentialsSynchronized", _credentials(state)),
    ):
        if found is not None:
            wanted.append(found)
        else:
            drop.append(kind)
    return conditions.merged(objects(made, "conditions"), wanted, now, drop=drop)


def sync_failure(message: str) -> Document:
    """``Synchronized=False`` for a machine that could not be made or kept as asked for."""
    return condition("Synchronized", "False", reason=SYNC_FAILED, message=message)


def explain(state: MachineState) -> str:
    """Why a machine failed, with the remedy when one is known."""
    if state.error is None:
        return "the machine failed"
    hint = f"; {state.error.hint}" if state.error.hint else ""
    return f"{state.error.step}: {state.error.message}{hint}"


def _paused(state: MachineState) -> Document | None:
    if state.stage is not Stage.PAUSED:
        return None
    reason, message = _PAUSES.get(
        state.pause_reason, ("Paused", f"VMI was paused: {state.pause_reason or 'unknown reason'}")
    )
    return condition("Paused", "True", reason=reason, message=message)


def _agent(state: MachineState) -> Document | None:
    if not state.agent.connected or state.stage not in _RUNS:
        return None
    return condition("AgentConnected", "True")


def _credentials(state: MachineState) -> Document | None:
    known = state.credentials
    if known is None:
        return None
    status = "True" if known.synchronized else "False"
    return condition("AccessCredentialsSynchronized", status, message=known.message)


def _emulated(seen: Observation) -> Document | None:
    if seen.state.stage not in _RUNS or seen.state.accelerator != "qemu":
        return None
    noted = [note for note in seen.state.notes if note.startswith("software emulation")]
    why = noted[0] if noted else f"the guest runs without KVM: {seen.emulation_reason or 'asked'}"
    return condition("SoftwareEmulation", "True", reason="KVMNotUsed", message=why)


def _stood_in(state: MachineState) -> Document | None:
    """The kernel lacks a kind of link that KubeVirt uses in pods, and another one does its job."""
    noted = [note for note in state.notes if note.startswith("stand-in")]
    if state.stage not in _RUNS or not noted:
        return None
    return condition("PodLinkStandIn", "True", reason="NoDummyLinks", message=noted[0])


def _unlimited(state: MachineState) -> Document | None:
    """The host has no control groups that could hold the pod to what it may use."""
    noted = [note for note in state.notes if note.startswith("without limits")]
    if state.stage not in _RUNS or not noted:
        return None
    return condition("PodLimitsNotEnforced", "True", reason="NoControlGroups", message=noted[0])


def announcements(vmi: Document, seen: Observation) -> Iterator[Announce]:
    """Events about the VMI for what is new in an observation."""
    old, new = phases.phase_of(vmi), phase_of(vmi, seen.state)
    if old in phases.FINAL:
        return
    if new == "Running" and old != "Running":
        yield Announce(about=vmi, reason="Created", message="VirtualMachineInstance defined.")
        yield Announce(about=vmi, reason="Started", message="VirtualMachineInstance started.")
    before = seen.before.stage if seen.before is not None else None
    if seen.state.stage is Stage.SHUTTING_DOWN and before is not Stage.SHUTTING_DOWN:
        message = "VirtualMachineInstance stopping"
        yield Announce(about=vmi, reason="ShuttingDown", message=message)
    if seen.state.stage is Stage.RUNNING and before is Stage.PAUSED:
        yield Announce(about=vmi, reason="Resumed", message="VirtualMachineInstance resumed.")
    yield from _credentials_told(vmi, seen)
    if seen.state.stage.final:
        yield from _ending(vmi, seen.state)


def _credentials_told(vmi: Document, seen: Observation) -> Iterator[Announce]:
    known = seen.state.credentials
    if known is None or (seen.before is not None and seen.before.credentials == known):
        return
    if known.synchronized:
        message = "Access credentials sync successful."
        yield Announce(about=vmi, reason="AccessCredentialsSyncSuccess", message=message)
        return
    message = f"Access credentials sync failed: {known.message}"
    yield Announce(about=vmi, reason="AccessCredentialsSyncFailed", message=message, warning=True)


def _ending(vmi: Document, state: MachineState) -> Iterator[Announce]:
    match state.stage:
        case Stage.SHUT_OFF:
            message = "The VirtualMachineInstance was shut down."
            yield Announce(about=vmi, reason="Stopped", message=message)
        case Stage.CRASHED:
            yield crashed(vmi)
        case _:
            yield sync_failed(vmi, explain(state))


def sync_failed(vmi: Document, message: str) -> Announce:
    """The event of a machine that could not be made as asked for."""
    return Announce(about=vmi, reason="SyncFailed", message=message, warning=True)


def crashed(vmi: Document) -> Announce:
    """The event of a guest that ended badly."""
    message = "The VirtualMachineInstance crashed."
    return Announce(about=vmi, reason="Stopped", message=message, warning=True)


def lost(vmi: Document, message: str, now: float, *, reason: str = "LauncherLost") -> Document:
    """The status of a VMI whose launcher is gone without a word, or never came."""
    made = deepcopy(child(vmi, "status"))
    if phases.is_final(vmi):
        return made
    phases.enter(made, "Failed", now)
    made["reason"] = reason
    made["conditions"] = conditions.merged(
        objects(made, "conditions"), [sync_failure(message)], now, drop=("AgentConnected", "Paused")
    )
    return made


def refused(vmi: Document, message: str, now: float) -> Document:
    """The status of a VMI that cannot become a machine here: it stays Scheduled and says why."""
    made = deepcopy(child(vmi, "status"))
    made["conditions"] = conditions.merged(
        objects(made, "conditions"), [sync_failure(message)], now
    )
    return made
