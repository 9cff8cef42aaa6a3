"""libvirt's QEMU driver in this process, narrowed to one domain.

``qemu:///embed`` loads the driver into the process, so that QEMU is born in the namespaces of the
pod and its monitor is ours. Everything that the rest of the launcher wants of a hypervisor is the
protocol ``Hypervisor``; a private libvirt daemon per pod could fulfil it as well. Calls block
(a start takes a third of a second, an agent command as long as the guest likes), so callers run
them in threads; events arrive in libvirt's own thread.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import libvirt
import libvirt_qemu
import msgspec

from launcher.domain import live
from launcher.errors import AgentError, HypervisorError
from launcher.facts import CpuFacts, HostCpus
from launcher.system.cpus import cpu_facts, host_cpu

QEMU_CONF = """\
# virtlogd is not running here; QEMU's output goes to plain files
stdio_handler = "file"
# a number, since the user has no name on this host; libvirt gives it the files that QEMU opens
user = "+{user}"
group = "+{user}"
swtpm_user = "+{user}"
swtpm_group = "+{user}"
security_driver = "none"
seccomp_sandbox = 1
clear_emulator_capabilities = 1
remember_owner = 0
namespaces = []
cgroup_controllers = []
"""


_ANY_BANDWIDTH = 1 << 40  # bytes a second


class EventKind(StrEnum):
    """What can happen to the domain."""

    STARTED = "started"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    SHUT_DOWN = "shut-down"  # the guest has powered off, QEMU is about to end
    STOPPED = "stopped"
    CRASHED = "crashed"
    REBOOTED = "rebooted"
    AGENT_CONNECTED = "agent-connected"
    AGENT_DISCONNECTED = "agent-disconnected"
    UNPLUGGED = "unplugged"  # the guest has let go of a device
    KEPT = "kept"  # the guest refuses to let go of a device
    RESIZED = "resized"  # the guest has taken or given back memory
    LEFT = "left"  # said by the machine itself: the guest went to another launcher


class Reason(StrEnum):
    """Why a domain was suspended or stopped, as far as it matters."""

    NONE = ""
    ASKED = "asked"  # suspended or destroyed through the hypervisor
    IO_ERROR = "io-error"
    WATCHDOG = "watchdog"
    GUEST = "guest"  # the guest powered off
    FAILED = "failed"  # QEMU died
    OTHER = "other"


@dataclass(frozen=True)
class Event:
    """Something that happened to the domain; ``device`` is the alias of the one it is about."""

    kind: EventKind
    reason: Reason = Reason.NONE
    device: str = ""


@dataclass(frozen=True)
class Sending:
    """How far QEMU is with sending a guest: its word, bytes, milliseconds, and why it failed."""

    status: str = "none"
    remaining: int = 0
    total: int = 0
    downtime: int = 0
    error: str = ""


class Hypervisor(Protocol):
    """One domain. Every method raises ``HypervisorError`` unless another error is named."""

    def define(self, xml: str) -> None:
        """Define the domain, or define it anew."""

    def undefine(self) -> None:
        """Forget a domain that does not run."""

    def start(self, *, paused: bool) -> None:
        """Start the defined domain, its CPUs stopped when ``paused``."""

    def suspend(self) -> None:
        """Stop the guest's CPUs."""

    def resume(self) -> None:
        """Let the guest's CPUs go on."""

    def shutdown(self) -> None:
        """Ask the guest to power off: by its agent when connected, else by the power button."""

    def reboot(self, *, agent: bool) -> None:
        """Ask the guest to reboot, by its agent or by ACPI."""

    def reset(self) -> None:
        """Push the reset button."""

    def destroy(self) -> None:
        """End QEMU; a domain that does not run is fine."""

    def attach(self, xml: str) -> None:
        """Plug a device into the running domain."""

    def detach(self, alias: str) -> None:
        """Ask the guest to let go of a device; an event tells when it has."""

    def update(self, xml: str) -> None:
        """Change a device of the running domain: its medium, its link, its size."""

    def set_vcpus(self, count: int) -> None:
        """Plug in virtual CPUs, or take some away, until there are ``count``."""

    def resize(self, target: str, size: int) -> None:
        """Tell the guest that a disk, by its name in the guest, has ``size`` bytes now."""

    def running(self) -> bool:
        """Whether the domain is active, running or paused."""

    def xml(self) -> str:
        """The XML of the domain as it is."""

    def run_status(self) -> str:
        """QEMU's own word for how it is, e.g. ``running``, ``internal-error``."""

    def screenshot(self) -> bytes:
        """A PNG of the first screen."""

    def balloon(self) -> dict[str, int]:
        """Memory statistics; sizes in KiB."""

    def dump(self, path: str) -> None:
        """Write the guest's memory to a new file, as an ELF core; the guest stands still meanwhile.

        Raises ``OSError`` when the file cannot be made.
        """

    def begin_backup(self, xml: str, checkpoint: str = "") -> None:
        """Begin to write disks as they are now to other files, and mark the moment."""

    def backup_end(self) -> str | None:
        """What became of the backup job: why it failed, empty when it did not, None as yet."""

    def abort_backup(self) -> None:
        """End the backup job; there may be none."""

    def redefine_checkpoint(self, name: str, xml: str) -> None:
        """Make a checkpoint known again that an earlier process made; it may be known."""

    def agent(self, request: str, timeout: int) -> str:
        """Send one request to the guest agent; seconds to wait. Raises ``AgentError``."""

    def movable(self) -> str:
        """The XML of the running domain by which it can be started from its stream."""

    def receive(self, path: str) -> None:
        """Start the defined domain from a stream, with its CPUs stopped; returns at its end."""

    def send(self, fd: int, bandwidth: int, auto_converge: bool) -> None:  # noqa: FBT001
        """Begin to write the running guest to a file; bytes a second, 0 for as many as can be."""

    def sending(self) -> Sending:
        """How far that is."""

    def stop_sending(self) -> None:
        """Give it up; it may be over."""


class EmbeddedLibvirt:
    """``Hypervisor`` by a driver in this process, with ``root`` as its only directory."""

    def __init__(self, root: Path, listener: Callable[[Event], None], user: int = 0) -> None:
        """Open the driver; ``listener`` is called in libvirt's thread.

        ``user`` is the number, of user and group, that QEMU runs as.
        """
        self._listener = listener
        self._domain: libvirt.virDomain | None = None
        configuration = root / "etc/qemu.conf"
        configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration.write_text(QEMU_CONF.format(user=user))
        libvirt.registerErrorHandler(_ignore, None)
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_run_events, name="libvirt-events", daemon=True).start()
        with _on_one_cpu():
            self._connection = self._try(lambda: libvirt.open(f"qemu:///embed?root={root}"))
        for event, callback in (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._on_reboot),
            (libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, self._on_agent),
            (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, self._on_unplugged),
            (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, self._on_kept),
            (libvirt.VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE, self._on_resized),
        ):
            self._connection.domainEventRegisterAny(None, event, callback, None)

    def probe(self) -> HostCpus:
        """Let libvirt find out what QEMU can do, into its cache; which CPUs that gives."""
        return HostCpus(qemu=self._cpus("qemu"), kvm=self._cpus("kvm"))

    def _cpus(self, kind: str) -> CpuFacts | None:
        driver, expand = self._connection, libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES
        try:
            domain = self._try(lambda: driver.getDomainCapabilities(None, None, None, kind))
        except HypervisorError:
            if kind == "kvm":
                return None
            raise
        cpu, expanded = host_cpu(domain), ""
        with suppress(HypervisorError):  # architectures whose features libvirt cannot tell
            if cpu:
                expanded = self._try(
                    lambda: driver.baselineHypervisorCPU(None, None, None, kind, [cpu], expand)
                )
        return cpu_facts(domain, expanded)

    def define(self, xml: str) -> None:
        self._domain = self._try(lambda: self._connection.defineXML(xml))

    def undefine(self) -> None:
        flags = (
            libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
            | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
        )
        self._try(lambda: self._defined.undefineFlags(flags))

    def start(self, *, paused: bool) -> None:
        flags = libvirt.VIR_DOMAIN_START_PAUSED if paused else 0
        self._try(lambda: self._defined.createWithFlags(flags))
        for path in live.sockets(self.xml()):
            with suppress(FileNotFoundError):
                Path(path).chmod(0o600)  # QEMU makes them for its whole group

    def suspend(self) -> None:
        self._try(self._defined.suspend)

    def resume(self) -> None:
        self._try(self._defined.resume)

    def shutdown(self) -> None:
        self._try(self._defined.shutdown)

    def reboot(self, *, agent: bool) -> None:
        flags = (
            libvirt.VIR_DOMAIN_REBOOT_GUEST_AGENT
            if agent
            else libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN
        )
        self._try(lambda: self._defined.reboot(flags))

    def reset(self) -> None:
        self._try(lambda: self._defined.reset(0))

    def destroy(self) -> None:
        if self.running():
            self._try(lambda: self._defined.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL))

    def attach(self, xml: str) -> None:
        self._try(lambda: self._defined.attachDeviceFlags(xml, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    def detach(self, alias: str) -> None:
        self._try(lambda: self._defined.detachDeviceAlias(alias, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    def update(self, xml: str) -> None:
        self._try(lambda: self._defined.updateDeviceFlags(xml, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    def set_vcpus(self, count: int) -> None:
        self._try(lambda: self._defined.setVcpusFlags(count, libvirt.VIR_DOMAIN_AFFECT_LIVE))

    def resize(self, target: str, size: int) -> None:
        flags = libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES
        self._try(lambda: self._defined.blockResize(target, size, flags))

    def running(self) -> bool:
        return self._domain is not None and bool(self._try(self._defined.isActive))

    def xml(self) -> str:
        text: str = self._try(lambda: self._defined.XMLDesc(0))
        return text

    def run_status(self) -> str:
        query = '{"execute": "query-status"}'
        answer: str = self._try(lambda: libvirt_qemu.qemuMonitorCommand(self._defined, query, 0))
        return answer.partition('"status":"')[2].partition('"')[0]

    def screenshot(self) -> bytes:
        return bytes(self._try(self._screenshot))

    def balloon(self) -> dict[str, int]:
        return dict(self._try(self._defined.memoryStats))

    def dump(self, path: str) -> None:
        # As libvirt's own core dump does it, which needs a helper program that few hosts have.
        name = "memory-dump"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._monitor("getfd", {"fdname": name}, [fd])
            self._monitor("dump-guest-memory", {"paging": False, "protocol": f"fd:{name}"})
        finally:
            os.close(fd)

    def begin_backup(self, xml: str, checkpoint: str = "") -> None:
        self._try(lambda: self._defined.backupBegin(xml, checkpoint or None, 0))

    def backup_end(self) -> str | None:
        now = self._try(lambda: self._defined.jobStats(0))
        if now.get("type", libvirt.VIR_DOMAIN_JOB_NONE) != libvirt.VIR_DOMAIN_JOB_NONE:
            return None
        ended = self._try(lambda: self._defined.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED))
        if ended.get("type") == libvirt.VIR_DOMAIN_JOB_COMPLETED:
            return ""
        aborted = ended.get("type") == libvirt.VIR_DOMAIN_JOB_CANCELLED
        return str(ended.get("errmsg") or ("backup aborted" if aborted else "the job failed"))

    def abort_backup(self) -> None:
        if self._try(lambda: self._defined.jobStats(0)).get("type"):
            self._try(self._defined.abortJob)

    def redefine_checkpoint(self, name: str, xml: str) -> None:
        with suppress(libvirt.libvirtError):
            self._defined.checkpointLookupByName(name)
            return
        flags = (
            libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE
            | libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE
        )
        self._try(lambda: self._defined.checkpointCreateXML(xml, flags))

    def agent(self, request: str, timeout: int) -> str:
        try:
            answer: str = libvirt_qemu.qemuAgentCommand(self._defined, request, timeout, 0)
        except libvirt.libvirtError as error:
            raise AgentError(_sentence(error)) from error
        return answer

    def movable(self) -> str:
        flags = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE
        text: str = self._try(lambda: self._defined.XMLDesc(flags))
        return text

    def receive(self, path: str) -> None:
        flags = libvirt.VIR_DOMAIN_SAVE_PAUSED
        self._try(lambda: self._connection.restoreFlags(path, None, flags))
        for name in live.sockets(self.xml()):
            with suppress(FileNotFoundError):
                Path(name).chmod(0o600)  # QEMU makes them for its whole group

    def send(self, fd: int, bandwidth: int, auto_converge: bool) -> None:  # noqa: FBT001
        # libvirt's own migration wants a daemon at the other end.
        name = "guest-stream"
        able = {"capability": "auto-converge", "state": auto_converge}
        self._monitor("migrate-set-capabilities", {"capabilities": [able]})
        limit = {"max-bandwidth": bandwidth or _ANY_BANDWIDTH}
        self._monitor("migrate-set-parameters", limit)
        self._monitor("getfd", {"fdname": name}, [fd])
        self._monitor("migrate", {"uri": f"fd:{name}"})

    def sending(self) -> Sending:
        query = '{"execute": "query-migrate"}'
        answer: str = self._try(lambda: libvirt_qemu.qemuMonitorCommand(self._defined, query, 0))
        seen = msgspec.json.decode(answer, type=_MigrationTold).told
        memory = seen.ram
        return Sending(seen.status, memory.remaining, memory.total, seen.downtime, seen.error_desc)

    def stop_sending(self) -> None:
        self._monitor("migrate_cancel", {})

    @property
    def _defined(self) -> libvirt.virDomain:
        if self._domain is None:
            raise HypervisorError("the domain is not defined yet")
        return self._domain

    def _monitor(self, command: str, arguments: object, files: list[int] | None = None) -> None:
        """Tell QEMU something; raises ``HypervisorError`` with its words when it refuses."""
        text = json.dumps({"execute": command, "arguments": arguments})
        answer, _ = self._try(
            lambda: libvirt_qemu.qemuMonitorCommandWithFiles(self._defined, text, files or [], 0)
        )
        if refused := json.loads(answer).get("error"):
            raise HypervisorError(f"QEMU does not {command}: {refused.get('desc', refused)}")

    def _screenshot(self) -> bytearray:
        picture = bytearray()
        stream = self._connection.newStream(0)
        self._defined.screenshot(stream, 0, 0)
        stream.recvAll(lambda _stream, chunk, _opaque: picture.extend(chunk), None)
        stream.finish()
        return picture

    def _try(self, call: Callable[[], libvirt.virDomain]) -> libvirt.virDomain:
        try:
            return call()
        except libvirt.libvirtError as error:
            raise HypervisorError(_sentence(error)) from error

    # libvirt hands every callback the connection, the domain, the event's own values and the
    # opaque value that it was registered with.

    def _on_lifecycle(self, _c: object, _d: object, event: int, detail: int, _o: object) -> None:
        if kind := _LIFECYCLE.get(event):
            self._listener(Event(kind, _REASONS.get((event, detail), Reason.OTHER)))

    def _on_reboot(self, _c: object, _d: object, _o: object) -> None:
        self._listener(Event(EventKind.REBOOTED))

    def _on_agent(self, _c: object, _d: object, state: int, _reason: int, _o: object) -> None:
        connected = state == libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
        kind = EventKind.AGENT_CONNECTED if connected else EventKind.AGENT_DISCONNECTED
        self._listener(Event(kind))

    def _on_unplugged(self, _c: object, _d: object, alias: str, _o: object) -> None:
        self._listener(Event(EventKind.UNPLUGGED, device=alias))

    def _on_kept(self, _c: object, _d: object, alias: str, _o: object) -> None:
        self._listener(Event(EventKind.KEPT, device=alias))

    def _on_resized(self, _c: object, _d: object, alias: str, _size: int, _o: object) -> None:
        self._listener(Event(EventKind.RESIZED, device=alias))


_LIFECYCLE = {
    libvirt.VIR_DOMAIN_EVENT_STARTED: EventKind.STARTED,
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: EventKind.SUSPENDED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: EventKind.RESUMED,
    libvirt.VIR_DOMAIN_EVENT_SHUTDOWN: EventKind.SHUT_DOWN,
    libvirt.VIR_DOMAIN_EVENT_STOPPED: EventKind.STOPPED,
    libvirt.VIR_DOMAIN_EVENT_CRASHED: EventKind.CRASHED,
}

_STOPPED, _SUSPENDED = libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED
_REASONS = {
    (_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED): Reason.ASKED,
    (_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_IOERROR): Reason.IO_ERROR,
    (_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG): Reason.WATCHDOG,
    (_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN): Reason.GUEST,
    (_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED): Reason.ASKED,
    (_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED): Reason.FAILED,
    (_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED): Reason.FAILED,
}


class _Memory(msgspec.Struct, frozen=True):
    remaining: int = 0
    total: int = 0


class _Migration(msgspec.Struct, frozen=True, rename="kebab"):
    status: str = "none"
    ram: _Memory = _Memory()
    downtime: int = 0
    error_desc: str = ""


class _MigrationTold(msgspec.Struct):
    """QEMU's answer to ``query-migrate``."""

    told: _Migration = msgspec.field(name="return", default_factory=_Migration)


def version() -> str:
    """libvirt's version."""
    number: int = libvirt.getVersion()
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


@contextmanager
def _on_one_cpu() -> Iterator[None]:
    """Stay on the first CPU, and leave no thread behind that is bound to it.

    Opening the driver reads the CPU's identification, of which leaf 0x1f has the number of the CPU
    that one happens to be on, and cached capabilities count only with the same identification: on
    another CPU, QEMU would be probed again, for 0.6 s.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - names are all that is wanted
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), allowed)


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _ignore(_opaque: object, _error: object) -> None:
    """Errors are raised as exceptions; libvirt need not print them as well."""


def _sentence(error: libvirt.libvirtError) -> str:
    """libvirt's words without their stop and with an ordinary first letter."""
    text = str(error.get_error_message() or error).strip().rstrip(".")
    return text[:1].lower() + text[1:]
