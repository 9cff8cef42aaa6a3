"""Make claims larger that ask for it: the disk, under a guest or not, then what is said of it.

Online, the launcher lets the file grow and QEMU tell the guest; nothing is restarted. What a daemon
leaves undone is done again: a disk is never made smaller.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.lifecycle import Command
from virtctl.errors import ApiError, LocalError
from virtctl.local.api.service import ApiService
from virtctl.local.imports import frozen
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.errands import Caretaker
from virtctl.local.node.gathering import Missing, claim_place
from virtctl.local.node.ondisk import guest_place
from virtctl.local.node.snapshots import user_of
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import Announce, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.podmanifest import claim_of
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, JsonValue, child, find, objects, text, uid_of
from virtctl.models.kinds import POD, PV, PVC, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.quantities import quantity_or_none

log = logging.getLogger(__name__)

COMPONENT = "volume_expand"
_PATIENCE = 2.0  # seconds between two attempts


class Growth:
    """Grows the claims of an instance."""

    name = "growth"

    def __init__(self, service: ApiService, layout: InstanceLayout, clock: Clock) -> None:
        self._service = service
        self._layout = layout
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await Caretaker(self._service, PVC, wants_more, self._grow).run()

    async def _grow(self, key: Key, uid: str) -> None:
        """Until the claim has what it asks for, or is gone."""
        while True:
            claim = self._service.find(PVC, *key)
            if claim is None or uid_of(claim) != uid or not wants_more(claim):
                return
            asked = text(claim, "spec", "resources", "requests", "storage")
            size = quantity_or_none(asked)
            try:
                await self._enlarge(key, size.value // 512 * 512 if size is not None else 0)
            except (Missing, LauncherError, LocalError) as error:
                log.warning("growing %s: %s", "/".join(key), error)
                self._say(claim, "VolumeResizeFailed", str(error), warning=True)
                await asyncio.sleep(_PATIENCE)
                continue
            self._tell(claim, asked)

    async def _enlarge(self, key: Key, size: int) -> None:
        path = Path(claim_place(self._service, *key).path)
        uid = user_of(self._service.list(POD, key.namespace).items, key.name)
        if not uid:
            await asyncio.to_thread(frozen.grow, path, size)
            return
        disks: dict[str, JsonValue] = {
            text(one, "name"): size
            for vmi in self._service.list(VIRTUAL_MACHINE_INSTANCE, key.namespace).items
            if uid_of(vmi) == uid
            for one in objects(vmi, "spec", "volumes")
            if claim_of(one) == key.name
        }
        place = guest_place(self._layout, uid)
        control = await lifecycle.connect(place)
        await control.request(Command.RESIZE, disks=disks)

    def _tell(self, claim: Document, asked: str) -> None:
        volume: Document = {"metadata": {"name": text(claim, "spec", "volumeName")}}
        self._carry_out(patch(PV, volume, {"spec": {"capacity": {"storage": asked}}}))
        status: Document = {"status": {"capacity": {"storage": asked}}}
        self._carry_out(patch(PVC, claim, status, subresource="status"))
        message = "MountVolume.NodeExpandVolume succeeded for the volume"
        self._say(claim, "FileSystemResizeSuccessful", message)

    def _say(self, claim: Document, reason: str, message: str, *, warning: bool = False) -> None:
        self._carry_out(Announce(about=claim, reason=reason, message=message, warning=warning))

    def _carry_out(self, change: reconcile.Doable) -> None:
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("telling of a claim's growth: %s", error)


def wants_more(claim: Document) -> bool:
    """Whether a claim that is bound and filled asks for more than it has."""
    asked = quantity_or_none(find(claim, "spec", "resources", "requests", "storage"))
    has = quantity_or_none(find(child(claim, "status"), "capacity", "storage"))
    return (
        text(claim, "status", "phase") == "Bound"
        and not is_deleting(claim)
        and fillings.is_filled(claim)
        and asked is not None
        and has is not None
        and asked > has
    )
