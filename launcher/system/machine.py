"""One machine's life: from nothing to a running guest, and on to its end.

``Machine`` prepares what the domain needs, starts it, turns what happens to it into states, and
carries out what is asked over the control socket. It ends when the guest has ended. Everything that
blocks runs in threads; states change in the event loop only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from launcher.domain import live
from launcher.domain.dumpxml import ObservedDomain, parse_domain
from launcher.errors import HypervisorError, LauncherError
from launcher.guest import interfaces
from launcher.guest.commands import Interface
from launcher.guest.interfaces import KnownNic
from launcher.spec import Accelerator, Credentials, MachineSpec, Masquerade
from launcher.state import AgentState, CredentialState, LeaseState, Problem, Stage
from launcher.system import tracking
from launcher.system.arrival import Arrival
from launcher.system.credentials import Propagation
from launcher.system.departure import Departure
from launcher.system.guestagent import GuestAgent, Poller
from launcher.system.hotplug import Hotplug, Wires
from launcher.system.hypervisor import Event, EventKind, Hypervisor, Reason
from launcher.system.ledger import Ledger

_log = logging.getLogger(__name__)

REPEAT_SHUTDOWN = 5.0
"""Seconds after which the guest is asked again to power off: a press of the button is lost on a
guest that is still booting."""

REBOOT_APART = 1.0
"""Seconds; a reboot may be told twice, as the guest's reset and as the one that follows from it."""

YOUNG = 5.0
"""Seconds during which the death of QEMU under KVM is taken as KVM's fault."""

PAUSE_REASONS = {
    Reason.IO_ERROR: "io-error",
    Reason.WATCHDOG: "watchdog",
}


class Surroundings(Wires, Protocol):
    """What a machine needs around it before it can be defined, and takes away when it cannot."""

    async def prepare(self, enter: Callable[[str], None]) -> None:
        """Set up network, disks and seeds; calls ``enter`` with the name of each step."""

    def define(self, spec: MachineSpec, hypervisor: Hypervisor) -> None:
        """Define the domain, once everything is prepared; blocks."""

    def pod_addresses(self, nic: str) -> tuple[str, ...]:
        """The pod's addresses by which a NIC is reached; empty when they do not lead to it."""

    def leases(self) -> tuple[LeaseState, ...]:
        """What our DHCP servers saw of the guest."""

    def give_back(self, spec: MachineSpec) -> None:
        """Give the disks' files to QEMU's user again: libvirt took them away; blocks."""

    async def undo(self) -> None:
        """Take away what ``prepare`` did to the pod's network."""


@dataclass
class _Run:
    """What is going on with QEMU at the moment."""

    accelerator: Accelerator
    started: float = 0.0
    booted: float = -REBOOT_APART
    pausing: bool = False  # we asked for the next pause: libvirt tells others no differently
    up: bool = False  # it has begun; what happens before is the end of one that was replaced
    left: bool = False  # the guest went to another launcher


class Machine:
    """One machine. ``hypervisor`` is awaited so that it can be opened beside the preparation."""

    def __init__(
        self,
        spec: MachineSpec,
        ledger: Ledger,
        surroundings: Surroundings,
        open_hypervisor: Callable[[Callable[[Event], None]], Awaitable[Hypervisor]],
    ) -> None:
        self.spec, self.ledger = spec, ledger
        self._surroundings, self._open = surroundings, open_hypervisor
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._run = _Run(spec.accelerator)
        self._step = ""
        self._life: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._pending: set[asyncio.Task[None]] = set()
        self._observed = ObservedDomain(machine_type="", nics=(), disks=())
        self._hypervisor: Hypervisor | None = None
        self._agent: GuestAgent | None = None
        self._poller: Poller | None = None
        self._propagation: Propagation | None = None
        self._reported: tuple[Interface, ...] | None = None
        self.hotplug = Hotplug(self, surroundings)
        self.arrival = Arrival(ledger)
        self.departure = Departure(self)

    @property
    def hypervisor(self) -> Hypervisor:
        """The domain; raises ``HypervisorError`` while there is none yet."""
        if self._hypervisor is None or self.ledger.state.stage is Stage.PREPARING:
            raise HypervisorError("the machine is not running yet")
        return self._hypervisor

    @property
    def agent(self) -> GuestAgent:
        """The guest agent; raises ``HypervisorError`` while there is no domain yet."""
        if self._agent is None:
            raise HypervisorError("the machine is not running yet")
        return self._agent

    @property
    def poller(self) -> Poller:
        """What asks the guest agent."""
        if self._poller is None:
            raise HypervisorError("the machine is not running yet")
        return self._poller

    @property
    def propagation(self) -> Propagation:
        """What puts access credentials into the guest."""
        if self._propagation is None:
            raise HypervisorError("the machine is not running yet")
        return self._propagation

    def leases(self) -> tuple[LeaseState, ...]:
        """What our DHCP servers saw of the guest."""
        return self._surroundings.leases()

    async def live(self) -> None:
        """The whole life; returns when the state is final. Failures end up in the state."""
        self._life = asyncio.get_running_loop().create_task(self._live())
        try:
            await self._life
        except asyncio.CancelledError:
            self.ledger.update(stage=Stage.SHUT_OFF, stop_reason="destroyed")
        except LauncherError as error:
            await self._fail(error, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the state must say so
            _log.exception("step %s failed", self._step)
            await self._fail(error, f"internal error: {error!r}")
        finally:
            for task in (*self._pending, *((self._ending,) if self._ending else ())):
                task.cancel()
            if self._propagation:
                self._propagation.stop()
            if self._poller:
                self._poller.disconnect()

    # --- asked for -----------------------------------------------------------------------------

    def shut_down(self, grace: float) -> None:
        """Ask the guest to power off, and end it after ``grace`` seconds; returns at once."""
        if self._hypervisor is None or self.ledger.state.stage in _UNBORN:
            if self._life:
                self._life.cancel()
            return
        if self._ending:
            self._ending.cancel()
        self._ending = self._loop.create_task(self._shut_down(self._hypervisor, grace))

    async def pause(self) -> None:
        """Stop the guest's CPUs."""
        if self.ledger.state.stage is not Stage.RUNNING:
            raise HypervisorError(f"the machine is {self.ledger.state.stage.value}, not running")
        self._run.pausing = True
        await asyncio.to_thread(self.hypervisor.suspend)
        await self.ledger.reach(Stage.PAUSED, *_FINAL)

    async def unpause(self) -> None:
        """Let the guest's CPUs go on, and set the guest's clock when an agent can."""
        if self.ledger.state.stage is not Stage.PAUSED:
            raise HypervisorError(f"the machine is {self.ledger.state.stage.value}, not paused")
        await asyncio.to_thread(self.hypervisor.resume)
        await self.ledger.reach(Stage.RUNNING, *_FINAL)
        if self.poller.connected:
            try:
                await self.agent.raw("guest-set-time", {"time": time.time_ns()})
            except LauncherError as error:
                _log.info("the guest's clock was not set: %s", error)

    async def soft_reboot(self) -> None:
        """Ask the guest to reboot: by its agent, and by ACPI when there is none or it refuses."""
        acpi = self.spec.features.acpi
        if self.poller.connected:
            try:
                await asyncio.to_thread(lambda: self.hypervisor.reboot(agent=True))
            except HypervisorError as error:
                if not acpi:
                    raise
                _log.info("the guest agent does not reboot, so ACPI must: %s", error)
            else:
                return
        if not acpi:
            raise HypervisorError("the guest has neither a connected agent nor ACPI")
        await asyncio.to_thread(lambda: self.hypervisor.reboot(agent=False))

    @property
    def still(self) -> asyncio.Lock:
        """Held while devices change."""
        return self.hotplug.turn

    async def leave(self) -> None:
        """The guest went to another launcher: end what is left of it here."""
        self._run.left = True
        await asyncio.to_thread(self.hypervisor.destroy)
        await asyncio.to_thread(self._surroundings.give_back, self.spec)
        self._events.put_nowait(Event(EventKind.LEFT))

    def later(self, seconds: float, action: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Do something after a while, unless the machine ends before or the task is cancelled."""
        task = self._loop.create_task(_after(seconds, action))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return task

    # --- the life ------------------------------------------------------------------------------

    async def _live(self) -> None:
        opening = asyncio.ensure_future(self._open(self._heard))
        try:
            await self._surroundings.prepare(self._enter)
            self._enter("hypervisor")
            self._hypervisor = await opening
        finally:
            opening.cancel()
        self._agent = GuestAgent(self._hypervisor)
        self._poller = Poller(self._agent, self._report)
        credentials = Credentials(ssh_keys=self.spec.ssh_keys, passwords=self.spec.passwords)
        self._propagation = Propagation(self._agent, credentials, self._propagated)
        if self.spec.incoming:
            await self._welcome(self._hypervisor)
        else:
            await self._boot(self._hypervisor, self.spec)
        while not self.ledger.state.stage.final:
            await self._react(await self._events.get(), self._hypervisor)

    def _enter(self, step: str) -> None:
        self._step = step
        _log.info("%s", step)

    def _heard(self, event: Event) -> None:
        """Called in the hypervisor's thread."""
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def _boot(self, hypervisor: Hypervisor, spec: MachineSpec) -> None:
        self._enter("define")
        self._run = _Run(spec.accelerator)
        await asyncio.to_thread(self._surroundings.define, spec, hypervisor)
        self.ledger.update(stage=Stage.DEFINED, accelerator=spec.accelerator.value)
        self._enter("start")
        self._run.started = time.monotonic()
        self._run.pausing = spec.start_paused
        try:
            await asyncio.to_thread(lambda: hypervisor.start(paused=spec.start_paused))
        except HypervisorError as error:
            if spec.accelerator is not Accelerator.KVM:
                raise
            await self._fall_back(hypervisor, str(error))
            return
        await self.refresh()
        self._enter("running")

    async def _welcome(self, hypervisor: Hypervisor) -> None:
        """Wait for the guest that comes from another launcher."""
        self._enter("waiting")
        self._run = _Run(Accelerator.TCG, pausing=True)  # it has run: nothing to fall back to
        await self.arrival.wait(hypervisor)
        self.ledger.update(accelerator=live.accelerator(await asyncio.to_thread(hypervisor.xml)))
        await self.refresh()
        self._enter("running")

    async def _fall_back(self, hypervisor: Hypervisor, why: str) -> None:
        """KVM did not work out: start again with QEMU's own translator, once."""
        _log.warning("KVM failed, starting again without it: %s", why)
        self.ledger.note(f"software emulation: KVM failed on this guest: {why}")
        await asyncio.to_thread(hypervisor.destroy)
        await self._boot(
            hypervisor, msgspec.structs.replace(self.spec, accelerator=Accelerator.TCG)
        )

    async def _react(self, event: Event, hypervisor: Hypervisor) -> None:
        _log.info("domain: %s %s", event.kind.value, event.reason.value)
        self._run.up = self._run.up or event.kind is EventKind.STARTED
        if not self._run.up or (self._run.left and event.kind is not EventKind.LEFT):
            return
        match event.kind:
            case EventKind.STARTED | EventKind.REBOOTED:
                self._booted()
            case EventKind.RESUMED:
                stage = Stage.SHUTTING_DOWN if self._ending else Stage.RUNNING
                self.ledger.update(stage=stage, pause_reason="")
            case EventKind.SUSPENDED:
                await self._suspended(event.reason, hypervisor)
            case EventKind.SHUT_DOWN:
                self.ledger.update(stage=Stage.SHUTTING_DOWN)
            case EventKind.CRASHED:
                self._end(Stage.CRASHED, "panicked")
            case EventKind.LEFT:
                self._end(Stage.MIGRATED, "")
            case EventKind.STOPPED:
                await self._stopped(event.reason, hypervisor)
            case _:
                await self._devices_changed(event)

    async def _devices_changed(self, event: Event) -> None:
        match event.kind:
            case EventKind.AGENT_CONNECTED:
                self.poller.connect()
            case EventKind.AGENT_DISCONNECTED:
                self.poller.disconnect()
            case EventKind.UNPLUGGED:
                await self.hotplug.unplugged(event.device)
            case EventKind.RESIZED:
                await self.refresh()
            case _:
                _log.warning("the guest does not let go of %s", event.device)

    async def _suspended(self, reason: Reason, hypervisor: Hypervisor) -> None:
        if self.departure.under_way:
            return
        asked, self._run.pausing = self._run.pausing, False
        if not asked and self._run.accelerator is Accelerator.KVM:
            status = await asyncio.to_thread(hypervisor.run_status)
            if status == "internal-error":
                await self._fall_back(hypervisor, "it stopped with an internal error")
                return
        why = "user" if asked else PAUSE_REASONS.get(reason, "unknown")
        self.ledger.update(stage=Stage.PAUSED, pause_reason=why)

    async def _stopped(self, reason: Reason, hypervisor: Hypervisor) -> None:
        young = time.monotonic() - self._run.started < YOUNG
        if reason is Reason.FAILED and self._run.accelerator is Accelerator.KVM and young:
            await self._fall_back(hypervisor, "QEMU ended right after its start")
            return
        await asyncio.to_thread(tracking.seal, self.spec)
        match reason:
            case Reason.FAILED | Reason.OTHER:
                self._end(Stage.CRASHED, "failed")
            case Reason.ASKED:
                self._end(Stage.SHUT_OFF, "destroyed")
            case _:
                self._end(Stage.SHUT_OFF, "guest")

    def _booted(self) -> None:
        now = time.monotonic()
        if now - self._run.booted > REBOOT_APART:
            self.ledger.update(stage=Stage.RUNNING, boot_count=self.ledger.state.boot_count + 1)
        self._run.booted = now

    def _end(self, stage: Stage, why: str) -> None:
        self.ledger.update(stage=stage, stop_reason=why, agent=AgentState())

    async def _shut_down(self, hypervisor: Hypervisor, grace: float) -> None:
        deadline = time.monotonic() + grace
        if grace > 0:
            self.ledger.update(stage=Stage.SHUTTING_DOWN)
        left = grace
        while left > 0:  # at least once, however late it has become
            try:
                await asyncio.to_thread(hypervisor.shutdown)
            except HypervisorError as error:
                _log.info("the guest was not asked to power off: %s", error)
            await asyncio.sleep(min(max(deadline - time.monotonic(), 0), REPEAT_SHUTDOWN))
            left = deadline - time.monotonic()
        await asyncio.to_thread(hypervisor.destroy)

    # --- what is reported ----------------------------------------------------------------------

    async def refresh(self) -> None:
        """Look at the domain and report what it has."""
        self._observed = parse_domain(await asyncio.to_thread(self.hypervisor.xml))
        self.ledger.update(
            machine_type=self._observed.machine_type,
            disks=self._observed.disks,
            nics=interfaces.merge(self._known_nics(), self._reported),
            vcpus=self._observed.vcpus,
            memory=self._observed.memory,
        )
        self.poller.hurry()

    def _report(self, agent: AgentState, reported: tuple[Interface, ...] | None) -> None:
        self._reported = reported
        if not self.ledger.state.stage.final:
            self.ledger.update(agent=agent, nics=interfaces.merge(self._known_nics(), reported))
            self.propagation.see(agent)

    def _propagated(self, credentials: CredentialState | None) -> None:
        if not self.ledger.state.stage.final:
            self.ledger.update(credentials=credentials)

    def _known_nics(self) -> tuple[KnownNic, ...]:
        seen = {nic.name: nic for nic in self._observed.nics}
        return tuple(
            KnownNic(
                name=nic.name,
                mac=seen[nic.name].mac,
                pod_nic=nic.pod_nic,
                pod_addresses=self._surroundings.pod_addresses(nic.name) if nic.primary else (),
                queues=seen[nic.name].queues,
                link_up=seen[nic.name].link_up,
                primary=nic.primary,
                masquerade=isinstance(nic.binding, Masquerade),
            )
            for nic in self.spec.nics
            if nic.name in seen
        )

    async def _fail(self, error: Exception, message: str) -> None:
        _log.error("%s failed: %s", self._step, message)
        hint = error.hint if isinstance(error, LauncherError) else None
        problem = Problem(
            step=self._step,
            message=message,
            retry_helps=isinstance(error, LauncherError) and error.retry_helps,
            hint=hint or "",
        )
        if self._hypervisor:
            try:
                await asyncio.to_thread(self._hypervisor.destroy)
            except HypervisorError as further:
                _log.warning("QEMU could not be ended: %s", further)
        await self._surroundings.undo()
        self.ledger.update(stage=Stage.FAILED, error=problem)


_FINAL = tuple(stage for stage in Stage if stage.final)
_UNBORN = frozenset({Stage.PREPARING, Stage.WAITING, Stage.DEFINED})


async def _after(seconds: float, action: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(seconds)
    try:
        await action()
    except LauncherError as error:
        _log.warning("what was to happen after %g s failed: %s", seconds, error)
