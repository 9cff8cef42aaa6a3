"""Dump the memory of machines to claims, as their ``status.memoryDumpRequest`` asks for.

The launcher writes the dump into the claim's directory, under a name that does not count; it gets
its own when it is whole and on the host's disk, and then earlier dumps go. A dump that a daemon
left undone is begun again by the next one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from launcher import lifecycle
from launcher.errors import LauncherError
from virtctl.errors import ApiError, LocalError
from virtctl.local.api.service import ApiService
from virtctl.local.imports import frozen
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.errands import Caretaker
from virtctl.local.node.gathering import Missing, claim_place
from virtctl.local.node.ondisk import guest_place
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, child, text, uid_of
from virtctl.models.kinds import PVC, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

log = logging.getLogger(__name__)

COMPONENT = "virt-handler"
_END = ".memory.dump"
_PATIENCE = 1.0  # seconds between looks for a claim that is not bound
_WANTED, _LEAVING = {"Associating", "InProgress"}, "Dissociating"


class MemoryDumps:
    """Dumps the memory of an instance's machines."""

    name = "memory dumps"

    def __init__(self, service: ApiService, layout: InstanceLayout, clock: Clock) -> None:
        self._service = service
        self._layout = layout
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await Caretaker(self._service, VIRTUAL_MACHINE, _wants, self._attend).run()

    async def _attend(self, key: Key, uid: str) -> None:
        """Make the dump that is asked for, or forget the claim of one."""
        request = self._request(key, uid)
        if text(request, "phase") == _LEAVING:
            self._carry_out(_named(key), {"status": {"memoryDumpRequest": None}})
        elif request:
            await self._dump(key, uid, text(request, "claimName"))

    async def _dump(self, key: Key, uid: str, claim: str) -> None:
        """One dump, and how it went."""
        begun = self._clock.now()
        self._tell(key, uid, {"phase": "InProgress", "startTimestamp": stamp(begun)})
        if not await self._is_bound(key, uid, claim):
            return
        try:
            name = await self._write(key, claim, begun)
        except (Missing, LauncherError, LocalError, OSError) as error:
            log.warning("memory dump of %s: %s", "/".join(key), error)
            told: Document = {"phase": "Failed", "message": f"memory dump failed: {error}"}
        else:
            told = {"phase": "Completed", "fileName": name, "message": None}
        self._tell(key, uid, {**told, "endTimestamp": stamp(self._clock.now())})

    async def _is_bound(self, key: Key, uid: str, claim: str) -> bool:
        """Wait for the claim; False when the dump is given up meanwhile."""
        while text(self._request(key, uid), "phase") in _WANTED:
            try:
                claim_place(self._service, key.namespace, claim)
            except Missing:
                await asyncio.sleep(_PATIENCE)
            else:
                return True
        return False

    async def _write(self, key: Key, claim: str, begun: float) -> str:
        """Write a dump into a claim; the file's name. Raises what may go wrong."""
        vmi = self._service.find(VIRTUAL_MACHINE_INSTANCE, *key)
        if vmi is None:
            raise Missing(f"virtualmachineinstance {key.name}")
        home = Path(claim_place(self._service, key.namespace, claim).path).parent
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(begun))
        target = home / f"{key.name}-{claim}-{moment}{_END}"
        await asyncio.to_thread(_make_room, home)
        partial = await asyncio.to_thread(frozen.make_place, target)
        uid = uid_of(vmi)
        place = guest_place(self._layout, uid)
        await lifecycle.dump_memory(place, partial)
        await asyncio.to_thread(frozen.publish, target)
        await asyncio.to_thread(_forget_others, target)
        marks: Document = {fillings.CONTENT: "archive"}
        self._carry_out(self._claim(key.namespace, claim), {"metadata": {"annotations": marks}})
        return target.name

    def _claim(self, namespace: str, name: str) -> Document:
        return {"kind": PVC.name, "metadata": {"namespace": namespace, "name": name}}

    def _request(self, key: Key, uid: str) -> Document:
        """What is asked for now; empty when it no longer is."""
        machine = self._service.find(VIRTUAL_MACHINE, *key)
        if machine is None or uid_of(machine) != uid:
            return {}
        return child(machine, "status", "memoryDumpRequest")

    def _tell(self, key: Key, uid: str, changed: Document) -> None:
        """Say how far a dump is, unless it is to be forgotten meanwhile."""
        request = self._request(key, uid)
        if request and text(request, "phase") != _LEAVING:
            self._carry_out(_named(key), {"status": {"memoryDumpRequest": changed}})

    def _carry_out(self, about: Document, body: Document) -> None:
        kind = PVC if about.get("kind") == PVC.name else VIRTUAL_MACHINE
        change = patch(kind, about, body, subresource="status" if "status" in body else "")
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("telling of a memory dump: %s", error)


def _wants(machine: Document) -> bool:
    return text(machine, "status", "memoryDumpRequest", "phase") in {*_WANTED, _LEAVING}


def _named(key: Key) -> Document:
    return {"metadata": {"namespace": key.namespace, "name": key.name}}


def _make_room(home: Path) -> None:
    """Make a claim's directory, without what was begun and never finished."""
    home.mkdir(parents=True, exist_ok=True)
    for path in home.glob(f".*{_END}.partial"):
        path.unlink(missing_ok=True)


def _forget_others(target: Path) -> None:
    """A claim has room for one dump."""
    for path in target.parent.glob(f"*{_END}"):
        if path != target:
            path.unlink(missing_ok=True)
