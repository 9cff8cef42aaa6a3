"""Keeps OVN in step with NetworkAttachmentDefinitions: starts it with the first one, makes and
removes networks, and starts again what died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable

from launcher.errors import LauncherError
from virtctl.errors import VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.networks import overlays
from virtctl.local.networks.overlays import OverlayNetwork
from virtctl.local.node.overlaylinks import Ovn, overlay_of
from virtctl.local.runtime import events
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.models.documents import Document, name_of, uid_of
from virtctl.models.kinds import ATTACHMENT_DEFINITION, NODE

log = logging.getLogger(__name__)

COMPONENT = "ovnkube-node"
LOOK = 2.0
"""Seconds between looks at what should run."""
_AGAIN = 10.0  # seconds until a network that could not be made is tried again
_SETTLE = 0.02


class Overlays:
    """Looks after the overlay networks of an instance; ``failed`` is told what did not run."""

    def __init__(
        self,
        service: ApiService,
        ovn: Ovn,
        clock: Clock,
        failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._service, self._ovn, self._clock = service, ovn, clock
        self._failed = failed
        self._changed = asyncio.Event()
        self._applied: dict[str, OverlayNetwork] = {}
        self._told: dict[str, str] = {}
        self._trouble = ""
        self._kept = False  # all of it ran at the last look

    async def run(self) -> None:
        """Run until cancelled."""
        self._applied.clear()
        async with asyncio.TaskGroup() as tasks:
            informer = Informer(self._service, ATTACHMENT_DEFINITION, self._notice)
            tasks.create_task(informer.run(), name="overlay definitions")
            tasks.create_task(self._follow(), name="overlay networks")

    def _notice(self, seen: Seen) -> None:
        if any(overlays.is_overlay(one) for one in (seen.old, seen.new) if one is not None):
            self._changed.set()

    async def _follow(self) -> None:
        await self._remove_strays()
        self._changed.set()
        again = math.inf
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._changed.wait()
                await asyncio.sleep(_SETTLE)
            if self._changed.is_set() or time.monotonic() > again:
                self._changed.clear()
                again = math.inf if await self._renew() else time.monotonic() + _AGAIN
            await self._revive()

    async def _revive(self) -> None:
        trouble = ""
        try:
            started = await asyncio.to_thread(self._ovn.revive)
            for name in started or () if self._kept else ():
                self._tell_died(name)
            self._kept = started is not None
        except LauncherError as error:
            trouble = str(error)
            self._failed(trouble)
        if trouble and trouble != self._trouble:
            log.warning("overlay networks: %s", trouble)
        self._trouble = trouble

    def _tell_died(self, name: str) -> None:
        """Tell of a program, ``node/name`` or the name alone, of the nodes that it was for."""
        node, slash, _ = name.partition("/")
        problem = f"{name} of OVN had ended and was started again"
        log.warning(problem)
        self._failed(problem)
        for about in self._service.list(NODE).items:
            if not slash or name_of(about) == node:
                said = Announce(
                    about=about, reason="OverlayProgramDied", message=problem, warning=True
                )
                events.record(self._service, said, COMPONENT, self._clock.now())

    async def _remove_strays(self) -> None:
        """Networks whose definitions went while nobody looked."""
        try:
            there = await asyncio.to_thread(self._ovn.switches)
            for switch in set(there) - set(self._wanted()):
                await asyncio.to_thread(self._ovn.remove_network, switch)
        except LauncherError as error:
            log.warning("overlay networks: %s", error)

    async def _renew(self) -> bool:
        """Whether all networks are as their definitions say."""
        wanted = self._wanted()
        well = True
        for switch, (network, nad) in wanted.items():
            if self._applied.get(switch) == network:
                continue
            try:
                await asyncio.to_thread(self._ovn.ensure_network, overlay_of(network))
                self._applied[switch] = network
            except LauncherError as error:
                self._say(nad, f"{error}; {error.hint}" if error.hint else str(error))
                well = False
        for switch in set(self._applied) - set(wanted):
            try:
                await asyncio.to_thread(self._ovn.remove_network, switch)
                del self._applied[switch]
            except LauncherError as error:
                log.warning("the network %s is not removed: %s", switch, error)
                well = False
        return well

    def _wanted(self) -> dict[str, tuple[OverlayNetwork, Document]]:
        """The networks that definitions are of, by their switches; the first definition counts."""
        found: dict[str, tuple[OverlayNetwork, Document]] = {}
        for nad in self._service.list(ATTACHMENT_DEFINITION).items:
            if not overlays.is_overlay(nad):
                continue
            try:
                network = overlays.read(nad)
            except VirtctlError as error:
                self._say(nad, str(error))
                continue
            found.setdefault(network.switch, (network, nad))
        return found

    def _say(self, nad: Document, problem: str) -> None:
        """Tell once what is wrong with a definition."""
        key = uid_of(nad)
        if self._told.get(key) == problem:
            return
        self._told[key] = problem
        log.warning(problem)
        said = Announce(about=nad, reason="OverlayNetworkFailed", message=problem, warning=True)
        events.record(self._service, said, COMPONENT, self._clock.now())
