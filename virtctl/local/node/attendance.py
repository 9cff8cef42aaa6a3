"""What a node does for a guest while it runs: probe it, and change it when its VMI changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from launcher.errors import LauncherError
from launcher.lifecycle import Command, Control
from launcher.spec import Limits, MachineSpec
from launcher.state import MachineState, Stage
from virtctl.errors import VirtctlError
from virtctl.local.node import gathering
from virtctl.local.node.asking import Asker
from virtctl.local.node.books import Subject
from virtctl.local.node.gathering import Missing
from virtctl.local.node.liveupdates import Wish, as_arrived, credentials, wishes
from virtctl.local.node.materials import DiskImage, ImageWish
from virtctl.local.node.probes import probes
from virtctl.local.node.probing import probe_machine
from virtctl.local.node.station import Pulse, Station
from virtctl.local.node.translate import translate
from virtctl.local.node.translate_nics import live_changes
from virtctl.local.runtime.owners import is_deleting

log = logging.getLogger(__name__)

_LINK_PATIENCE = 5.0  # seconds until a link that could not be made or removed is tried again
_RUNS = frozenset({Stage.RUNNING, Stage.PAUSED})


@dataclass
class Ward:
    """One guest, as its keeper knows it. ``told`` beats when ``state`` has changed.

    ``address`` is the pod's; ``images`` are those found so far, by the wish; ``failure`` is why the
    guest was given up. ``fresh`` says that it was started with its VMI as it was then.
    """

    state: MachineState | None = None
    told: Pulse = field(default_factory=Pulse)
    address: str = ""
    images: dict[ImageWish, DiskImage] = field(default_factory=dict)
    ready: bool = False
    failure: str = ""
    fresh: bool = False


class Attendance:
    """Attends one running guest. ``noticed`` beats when its pod, VMI or a secret has changed."""

    def __init__(self, station: Station, subject: Subject, ward: Ward, noticed: Pulse) -> None:
        self._station, self._subject = station, subject
        self._ward, self._noticed = ward, noticed

    async def run(
        self, control: Control, show: Callable[[], None], end: Callable[[], Awaitable[None]]
    ) -> None:
        """Until cancelled. ``show`` shows the guest's readiness, ``end`` ends the guest."""
        vmi = self._station.books.vmi(self._subject)
        if vmi is None:
            return
        asker = Asker(control, lambda: self._ward.address)
        patient = _Patient(self._station, self._subject, self._ward, (show, end))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(probe_machine(probes(vmi), asker.ask, patient))
                tasks.create_task(self._keep_up(control))
                tasks.create_task(self._keep_links())
        except* Exception:
            log.exception("attending %s failed", self._subject.pod.name)

    async def _keep_up(self, control: Control) -> None:
        """Tell the launcher what the VMI wants of its running machine, each wish once."""
        told: set[Wish] = set()
        limits: Limits | None = None
        while True:
            changes = {self._noticed.next, self._ward.told.next}
            wanted, state = await self._wanted(), self._ward.state
            if wanted is not None and state is not None:
                if self._ward.fresh:
                    told.add(credentials(wanted))
                    self._ward.fresh = False
                    limits = wanted.limits
                if wanted.limits != limits:
                    limits = wanted.limits
                    await self._limit(limits)
                wished = wishes(wanted, state, self._arrived())
                told &= set(wished)
                for wish in wished:
                    if wish not in told:
                        told.add(wish)
                        await self._tell(control, wish)
            await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)

    async def _keep_links(self) -> None:
        """Make the pod's links those that its annotation asks for, whenever it changes.

        One that cannot be made is tried again after a while, or when anything changes.
        """
        multus = self._station.multus
        while True:
            change = self._noticed.next
            try:
                await multus.update(self._subject)
            except LauncherError as error:
                log.warning("links of %s: %s", self._subject.pod.name, error)
            patience = None if multus.is_settled(self._subject) else _LINK_PATIENCE
            await asyncio.wait({change}, timeout=patience)

    def _arrived(self) -> tuple[str, ...]:
        """The NICs that the guest lacks and whose links are in the pod."""
        vmi = self._station.books.vmi(self._subject)
        return live_changes(vmi).plugged if vmi is not None else ()

    async def _wanted(self) -> MachineSpec | None:
        """The running machine as its VMI wants it; None while it does not run."""
        vmi, state = self._station.books.vmi(self._subject), self._ward.state
        if vmi is None or is_deleting(vmi) or state is None or state.stage not in _RUNS:
            return None
        known = self._ward.images
        try:
            images = gathering.container_disks(self._station.service, vmi)
            for wish in images.values():
                if wish not in known:
                    known[wish] = await self._station.host.resolve(wish)
            found = {volume: known[wish] for volume, wish in images.items()}
            arrived = as_arrived(vmi)
            return translate(arrived, await self._station.gather(arrived, found))
        except (Missing, VirtctlError, LauncherError) as error:
            log.info("%s is left as it is: %s", self._subject.pod.name, error)
            return None

    async def _limit(self, limits: Limits) -> None:
        """Let the machine use more, before it is given more."""
        vmi = self._station.books.vmi(self._subject)
        try:
            await self._station.host.limit(self._subject.machine, limits)
        except LauncherError as error:
            self._station.books.say(vmi, "LimitsFailed", str(error), warning=True)

    async def _tell(self, control: Control, wish: Wish) -> None:
        try:
            await control.request(wish.command, **wish.arguments)
        except LauncherError as error:
            reason = "NicHotplug" if wish.command is Command.PLUG_NIC else "HotplugFailed"
            message = f"{wish.command.value}: {error}"
            books = self._station.books
            books.say(books.vmi(self._subject), reason, message, warning=True)


class _Patient:
    """``probing.Patient``: waits for the guest, and writes down what its probes say."""

    def __init__(
        self,
        station: Station,
        subject: Subject,
        ward: Ward,
        act: tuple[Callable[[], None], Callable[[], Awaitable[None]]],
    ) -> None:
        self._books, self._subject, self._ward = station.books, subject, ward
        self._show, self._end = act

    async def running(self) -> None:
        """Wait until the guest's CPUs run."""
        while self._ward.state is None or self._ward.state.stage is not Stage.RUNNING:
            await asyncio.wait({self._ward.told.next})

    def ready(self, *, ready: bool) -> None:
        """The guest's readiness, for the pod and by it for the VMI."""
        self._ward.ready = ready
        self._show()

    def unwell(self, probe: str, why: str) -> None:
        """A probe was answered badly."""
        self._say("Unhealthy", f"{probe} probe failed: {why}", warning=True)

    async def dead(self, why: str) -> None:
        """The guest is not alive: end it, as a kubelet ends the container."""
        message = "Container compute failed liveness probe, will be restarted"
        self._say("Killing", message, warning=False)
        self._ward.failure = f"the guest failed its liveness probe: {why}"
        await self._end()

    def _say(self, reason: str, message: str, *, warning: bool) -> None:
        pod = self._books.pod(self._subject)
        self._books.say(pod, reason, message, warning=warning)
