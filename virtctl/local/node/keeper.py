"""One launcher pod on its node, from assignment to removal.

What upstream the kubelet does (images, network, status of the pod) and what virt-handler does
(order the start, follow the guest, report) are one story told in ``Keeper.run``. The story can
begin in the middle: a keeper that finds a running machine adopts it. Cancelling a keeper leaves
its machine running.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from launcher.errors import HostError, LauncherError, LauncherGone
from launcher.hostnet import PodNetwork
from launcher.lifecycle import Command, Control
from launcher.spec import MachineSpec
from launcher.state import MachineState, Stage
from virtctl.errors import InvalidField, VirtctlError
from virtctl.local.node import gathering, moving, pods, report
from virtctl.local.node.attendance import Attendance, Ward
from virtctl.local.node.books import Subject
from virtctl.local.node.gathering import Missing
from virtctl.local.node.materials import DiskImage, ImageWish
from virtctl.local.node.pods import Waiting
from virtctl.local.node.probes import READINESS, probes
from virtctl.local.node.report import Observation
from virtctl.local.node.station import Pulse, Station
from virtctl.local.node.translate import translate
from virtctl.local.runtime import migrating, phases
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.podmanifest import crashes_at_once, grace_period, outlives_failure
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, child, flag, integer, objects, text

log = logging.getLogger(__name__)

FIRST_BACKOFF = 10.0  # seconds until an image is tried again; doubles each time
LONGEST_BACKOFF = 300.0
LONGEST_NETWORK_BACKOFF = 15.0  # of a network that cannot be made
PATIENCE = 2.0  # seconds between looks for something that is missing
END_MARGIN = 10.0  # seconds that a launcher has on top of the guest's grace
_RECONNECT = 0.2  # seconds


class Keeper:
    """Looks after one pod. Call ``notice`` whenever its pod or VMI changed."""

    def __init__(self, station: Station, subject: Subject) -> None:
        self.subject = subject
        self._station = station
        self._host = station.host
        self._books = station.books
        self._pulse = Pulse()
        self._starting: asyncio.Future[Control] | None = None
        self._control: Control | None = None
        self._waiting: dict[str, Waiting] = {}
        self._sandbox = ""
        self._network: PodNetwork | None = None
        self._ward = Ward()
        self._here = not subject.migration  # whether the guest is, or is to start, in this pod

    def notice(self) -> None:
        """The pod or its VMI changed."""
        self._pulse.beat()

    async def run(self) -> None:
        """Until nothing is left of the pod on this node."""
        life = asyncio.create_task(self._live(), name=f"life of {self.subject.pod.name}")
        asked = asyncio.create_task(self._until(self._is_to_go))
        try:
            await asyncio.wait({life, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                await self._end(life)
            _log_failure(life)
            await asked
            await self._clear()
        finally:
            life.cancel()
            asked.cancel()

    # --- the life ------------------------------------------------------------------------------

    async def _live(self) -> None:
        self._ward.ready = self._begins_ready()
        control = await self._adopt()
        if control is None:
            if self._is_over():
                return
            images = await self._make_pod()
            await self._until(self._is_scheduled)
            if self._is_to_crash():
                await self._finish()
                return
            control = await self._begin(images)
        self._control = control
        attendance = Attendance(self._station, self.subject, self._ward, self._pulse)
        attending = asyncio.create_task(
            attendance.run(control, self._show_pod, lambda: self._shut_down(self._grace()))
        )
        mover = moving.Mover(self._station, self.subject, self._ward, self._pulse)
        sending = asyncio.create_task(mover.run(control))
        try:
            await self._follow(control)
        finally:
            attending.cancel()
            sending.cancel()
        await self._finish()

    def _begins_ready(self) -> bool:
        """Without a probe that would tell, a guest is ready; one that was ready still is."""
        vmi, pod = self._books.vmi(self.subject), self._books.pod(self.subject)
        if vmi is None or all(probe.kind != READINESS for probe in probes(vmi)):
            return True
        return pod is not None and pods.is_ready(pod)

    def _is_over(self) -> bool:
        pod = self._books.pod(self.subject)
        return pod is None or text(pod, "status", "phase") in {"Succeeded", "Failed"}

    async def _adopt(self) -> Control | None:
        """The control of a machine that runs already; ends the pod when it ran and is gone."""
        uid = self.subject.machine
        if self._is_over():
            return None
        while self._host.is_alive(uid):
            try:
                control = await self._host.connect(uid)
            except LauncherGone:
                await asyncio.sleep(_RECONNECT)
                continue
            await self._adopt_network()
            log.info("adopted the machine of %s", "/".join(self.subject.vmi))
            return control
        vmi = self._books.vmi(self.subject)
        known = self._host.last_state(uid)
        if known is not None:
            self._gone(known)
            await self._finish()
        elif vmi is not None and phases.phase_of(vmi) == "Running" and self._is_here(vmi):
            self._lost("the launcher and its files are gone")
            await self._finish()
        return None

    async def _adopt_network(self) -> None:
        """The network of a machine that runs: what is missing of it is made, if it can be."""
        try:
            self._has_network(await self._station.multus.attach(self.subject))
        except LauncherError as error:
            log.warning("%s: %s", self.subject.pod.name, error)
            self._has_network(await self._host.attach(self.subject.pod.name))

    async def _make_pod(self) -> dict[str, DiskImage]:
        """Images and network, side by side; then the pod runs."""
        vmi = self._books.vmi(self.subject)
        service = self._station.service
        wanted = gathering.container_disks(service, vmi) if vmi is not None else {}
        self._books.set_pod(self.subject, self._creating)
        network = asyncio.ensure_future(self._attach())
        try:
            for wish in dict.fromkeys(wanted.values()):
                self._ward.images[wish] = await self._pull(wish)
            self._has_network(await network)
        finally:
            network.cancel()
        self._tell_of_containers()
        self._books.set_pod(self.subject, self._running)
        return {volume: self._ward.images[wish] for volume, wish in wanted.items()}

    def _tell_of_containers(self) -> None:
        """As the kubelet does when they begin to run."""
        pod = self._books.pod(self.subject)
        if pod is None or text(pod, "status", "phase") == "Running":
            return
        for name in (text(one, "name") for one in objects(pod, "spec", "containers")):
            self._say_pod("Created", f"Created container: {name}")
            self._say_pod("Started", f"Started container {name}")

    def _has_network(self, network: PodNetwork) -> None:
        self._network = network
        self._ward.address = network.ips[0] if network.ips else ""

    def _creating(self, pod: Document, place: pods.Host) -> Document:
        return pods.creating(
            pod,
            pods.Host(
                addresses=place.addresses,
                now=place.now,
                waiting=dict(self._waiting),
                sandbox=self._sandbox,
            ),
        )

    def _running(self, pod: Document, place: pods.Host) -> Document:
        ips = self._network.ips if self._network is not None else ()
        return pods.running(pod, place, ips, unpaused=self._here, ready=self._ward.ready)

    async def _attach(self) -> PodNetwork:
        delay = PATIENCE
        while True:
            try:
                network = await self._station.multus.attach(self.subject)
            except LauncherError as error:
                self._no_network(f"Failed to create pod sandbox: {_sentence(error)}")
            else:
                self._sandbox = ""
                return network
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_NETWORK_BACKOFF)

    def _no_network(self, message: str) -> None:
        self._say_pod("FailedCreatePodSandBox", message, warning=True)
        self._sandbox = message
        self._books.set_pod(self.subject, self._creating)

    async def _pull(self, wish: ImageWish) -> DiskImage:
        delay, reference = FIRST_BACKOFF, wish.reference
        while True:
            self._say_pod("Pulling", f'Pulling image "{reference}"')
            started = self._books.now()
            try:
                image = await self._host.resolve(wish)
            except (VirtctlError, LauncherError) as error:
                self._pull_failed(reference, "ErrImagePull", _sentence(error))
            else:
                taken = self._books.now() - started
                message = f'Successfully pulled image "{reference}" in {taken:.3f}s'
                self._say_pod("Pulled", message)
                if self._waiting.pop(reference, None) is not None:
                    self._books.set_pod(self.subject, self._creating)
                return image
            await asyncio.sleep(PATIENCE)
            self._pull_failed(
                reference, "ImagePullBackOff", f'Back-off pulling image "{reference}"'
            )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_BACKOFF)

    def _pull_failed(self, reference: str, reason: str, message: str) -> None:
        known = self._waiting.get(reference)
        if reason == "ImagePullBackOff" and known is not None:
            message = f"{message}: {known.message}"
            self._say_pod("BackOff", message)
        else:
            message = f'Failed to pull image "{reference}": {message}'
            self._say_pod("Failed", message, warning=True)
        self._waiting[reference] = Waiting(reason, message)
        self._books.set_pod(self.subject, self._creating)

    def _say_pod(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._books.say(self._books.pod(self.subject), reason, message, warning=warning)

    def _is_scheduled(self) -> bool:
        vmi = self._books.vmi(self.subject)
        if vmi is not None and self.subject.migration:
            return migrating.is_under_way(migrating.state_of(vmi, self.subject.migration))
        return vmi is not None and phases.phase_of(vmi) == "Scheduled"

    def _is_here(self, vmi: Document) -> bool:
        """Whether a VMI says that its guest is in this pod."""
        return not self.subject.migration or moving.is_here(vmi, self.subject)

    def _is_to_crash(self) -> bool:
        """Whether the launcher is to crash before it starts its guest; tells that it did."""
        vmi = self._books.vmi(self.subject)
        if vmi is None or not self._here or not crashes_at_once(vmi):
            return False
        message = "the launcher crashed, as an annotation asks for"
        self._books.set_vmi(self.subject, lambda vmi, now: report.lost(vmi, message, now))
        return True

    async def _begin(self, images: dict[str, DiskImage]) -> Control:
        """Start the machine; one that cannot be started ends its VMI. Raises ``LauncherError``."""
        spec = await self._specify(images)
        try:
            self._starting = asyncio.ensure_future(self._start(spec))
            control = await asyncio.shield(self._starting)
        except LauncherError as error:
            self._fail_start(_sentence(error))
            await self._finish()
            raise
        self._ward.fresh = True
        return control

    async def _start(self, spec: MachineSpec) -> Control:
        """Start the machine, or one that waits for the guest of another."""
        subject, vmi = self.subject, self._books.vmi(self.subject)
        if not subject.migration or vmi is None:
            return await self._host.start(spec, subject.pod.name)
        source = self._books.subject_at(
            Key(subject.vmi.namespace, text(migrating.state_of(vmi), "sourcePod"))
        )
        if source is None:
            raise HostError("the pod that the guest is in is gone")
        waiting = msgspec.structs.replace(spec, incoming=True)
        return await self._host.start(
            waiting, subject.pod.name, machine=subject.machine, beside=source.machine
        )

    async def _specify(self, images: dict[str, DiskImage]) -> MachineSpec:
        """Waits for what is missing. What cannot be made here says so, and waits to be removed."""
        while True:
            try:
                return await self._translated(images)
            except Missing as error:
                message = f"MountVolume.SetUp failed: {error}"
                self._say_pod("FailedMount", message, warning=True)
                await asyncio.sleep(PATIENCE)
            except InvalidField as error:
                self._refuse(_sentence(error))
                await asyncio.Event().wait()

    async def _translated(self, images: dict[str, DiskImage]) -> MachineSpec:
        vmi = self._needed_vmi()
        if self.subject.migration:
            vmi = moving.as_arriving(vmi)
        return translate(vmi, await self._station.gather(vmi, images))

    def _needed_vmi(self) -> Document:
        vmi = self._books.vmi(self.subject)
        if vmi is None:
            raise Missing(f"virtualmachineinstance {'/'.join(self.subject.vmi)}")
        return vmi

    def _refuse(self, message: str) -> None:
        if not self._here:
            self._give_up(message)
            return
        self._books.set_vmi(
            self.subject,
            lambda vmi, now: report.refused(vmi, message, now),
            lambda vmi: [report.sync_failed(vmi, message)],
        )

    def _fail_start(self, message: str) -> None:
        if not self._here:
            self._give_up(message)
            return
        self._books.set_vmi(
            self.subject,
            lambda vmi, now: report.lost(vmi, message, now, reason="StartFailed"),
            lambda vmi: [report.sync_failed(vmi, message)],
        )

    def _give_up(self, message: str) -> None:
        """The guest that was to come stays where it is."""
        migration = self.subject.migration
        self._books.set_vmi(
            self.subject, lambda vmi, now: moving.failed(vmi, migration, message, now)
        )

    # --- the guest -----------------------------------------------------------------------------

    async def _follow(self, control: Control) -> None:
        """Report every state until the final one."""
        before: MachineState | None = None
        while before is None or not before.stage.final:
            try:
                async for state in control.states():
                    self._report(state, before)
                    before = state
            except LauncherGone:
                if not self._host.is_alive(self.subject.machine):
                    self._gone(self._host.last_state(self.subject.machine), before)
                    return
            else:
                if before is not None and before.stage.final:
                    return
            await asyncio.sleep(_RECONNECT)

    def _report(self, state: MachineState, before: MachineState | None) -> None:
        self._ward.state = state
        if state.move is not None:
            move = state.move
            self._books.set_vmi(self.subject, lambda vmi, now: moving.progress(vmi, move, now))
        if self._has_left(state) or not self._has_come(state):
            self._show_pod()
            self._ward.told.beat()
            return
        seen = Observation(
            state=state,
            before=before,
            emulation_reason=self._station.emulation_reason,
            failure=self._ward.failure,
        )
        self._books.set_vmi(
            self.subject,
            lambda vmi, now: report.status(vmi, seen, now),
            lambda vmi: report.announcements(vmi, seen),
        )
        self._show_pod()
        self._ward.told.beat()

    def _has_left(self, state: MachineState) -> bool:
        """Whether the guest is another pod's by now, so that we have nothing to say of it."""
        vmi = self._books.vmi(self.subject)
        active = child(vmi, "status", "activePods") if vmi is not None else {}
        elsewhere = self._here and bool(active) and self.subject.pod_uid not in active
        return state.stage is Stage.MIGRATED or elsewhere

    def _has_come(self, state: MachineState) -> bool:
        """Whether the guest is here by now; tells of it, or that it is awaited, or stays away."""
        subject, node = self.subject, self._books.node
        if self._here:
            return True
        if state.came and state.stage is not Stage.WAITING:
            self._here = True
            self._books.set_vmi(
                subject,
                lambda vmi, now: moving.arrived(vmi, subject, node, now),
                lambda vmi: moving.told_arrived(vmi, subject, node),
            )
        elif state.stage is Stage.WAITING:
            address = next(iter(self._host.addresses), "")
            self._books.set_vmi(
                subject,
                lambda vmi, _: moving.ready(vmi, subject, address),
                lambda vmi: moving.told_ready(vmi, subject),
            )
        elif state.stage.final:
            self._give_up(report.explain(state))
        return self._here

    def _show_pod(self) -> None:
        state = self._ward.state
        if state is None or state.stage.final:
            return
        unpaused = state.stage is not Stage.PAUSED and self._here
        ready = self._ward.ready
        ips = self._network.ips if self._network is not None else ()
        self._books.set_pod(
            self.subject,
            lambda pod, host: pods.running(pod, host, ips, unpaused=unpaused, ready=ready),
        )

    def _gone(self, known: MachineState | None, before: MachineState | None = None) -> None:
        """The machine's processes are gone: report its last word, or that there was none."""
        if known is not None and known.stage.final:
            self._report(known, before)
        else:
            self._lost("the launcher ended without a word: it was killed, or the host restarted")

    def _lost(self, message: str) -> None:
        if not self._here:
            self._give_up(message)
            return
        self._books.set_vmi(
            self.subject,
            lambda vmi, now: report.lost(vmi, message, now),
            lambda vmi: [] if phases.is_final(vmi) else [report.crashed(vmi)],
        )

    async def _finish(self) -> None:
        """No guest any more: processes and network go, files and logs stay with the pod."""
        self._control = None
        left = self._ward.state is not None and self._ward.state.stage is Stage.MIGRATED
        if left:
            await self._until(self._is_handed_over)
        await self._take_down(keep=True)
        vmi = self._books.vmi(self.subject)
        failed = not left and (vmi is None or phases.phase_of(vmi) != "Succeeded")
        if failed and vmi is not None and self._here and outlives_failure(vmi):
            ips = self._network.ips if self._network is not None else ()
            self._books.set_pod(
                self.subject,
                lambda pod, host: pods.running(pod, host, ips, unpaused=False, ready=False),
            )
            return
        failure = _why_failed(vmi) if failed else ""
        if failed and not self._here:
            failure = "the guest did not come"
        self._books.set_pod(self.subject, lambda pod, host: pods.ended(pod, host, failure=failure))

    def _is_handed_over(self) -> bool:
        """Whether the VMI says by now that the guest, which has left, is elsewhere."""
        vmi = self._books.vmi(self.subject)
        state = migrating.state_of(vmi) if vmi is not None else {}
        if migrating.is_under_way(state):
            return False
        if vmi is not None and flag(state, "failed"):
            self._lost("the guest was lost with the node that it went to")
        return True

    async def _take_down(self, *, keep: bool) -> None:
        try:
            await self._host.destroy(self.subject.machine, keep=keep)
            await self._station.multus.detach(self.subject.pod.name)
        except LauncherError as error:
            log.warning("%s leaves something behind: %s", self.subject.pod.name, error)

    # --- the end -------------------------------------------------------------------------------

    def _is_to_go(self) -> bool:
        pod = self._books.pod(self.subject)
        return pod is None or is_deleting(pod)

    async def _end(self, life: asyncio.Task[None]) -> None:
        """The pod is to go while its guest may still run: ask it to shut down, then insist."""
        if self._starting is not None and not self._starting.done():
            await asyncio.wait({self._starting})
            await asyncio.sleep(0)
        if self._control is None:
            life.cancel()
            await asyncio.wait({life})
            return
        loop = asyncio.get_running_loop()
        began, asked = loop.time(), float("inf")
        while not life.done():
            change = self._pulse.next
            deadline = began + self._grace()
            if deadline < asked:  # the first time, and when the grace was shortened
                asked = deadline
                await self._shut_down(max(deadline - loop.time(), 0.0))
            left = asked + END_MARGIN - loop.time()
            if left <= 0:
                await self._host.destroy(self.subject.machine, keep=True)
                await asyncio.wait({life}, timeout=END_MARGIN)
                break
            await asyncio.wait({life, change}, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    def _grace(self) -> float:
        """Seconds that the guest has: its own, or less when the pod is deleted with less."""
        vmi, pod = self._books.vmi(self.subject), self._books.pod(self.subject)
        if pod is None:
            return 0.0
        own = grace_period(vmi) if vmi is not None else 0
        return float(min(own, integer(pod, "metadata", "deletionGracePeriodSeconds", default=own)))

    async def _shut_down(self, grace: float) -> None:
        if self._control is None:
            return
        try:
            if grace > 0:
                await self._control.request(Command.SHUTDOWN, grace=grace)
                return
            await self._control.request(Command.KILL)
        except LauncherError as error:
            log.info("%s was not asked to shut down: %s", self.subject.pod.name, error)

    async def _clear(self) -> None:
        await self._take_down(keep=False)
        pod = self._books.pod(self.subject)
        if pod is not None:
            self._books.remove_pod(pod)

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds`` after a change."""
        while True:
            change = self._pulse.next
            if holds():
                return
            await asyncio.wait({change})


def _log_failure(life: asyncio.Task[None]) -> None:
    if not life.done() or life.cancelled():
        return
    error = life.exception()
    if isinstance(error, LauncherError):
        log.warning("%s: %s", life.get_name(), error)
    elif error is not None:
        log.error("%s failed", life.get_name(), exc_info=error)


def _sentence(error: VirtctlError | LauncherError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)


def _why_failed(vmi: Document | None) -> str:
    if vmi is None:
        return "the VirtualMachineInstance is gone"
    return text(vmi, "status", "reason") or "the guest failed"
