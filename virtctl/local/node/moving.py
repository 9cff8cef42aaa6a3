"""A guest's move between nodes, as their agents see it: what they order, and what they tell.

The target's agent says when its launcher waits, and when the guest is there; the source's orders
the move and says how it goes. What they tell is pure.
"""

from __future__ import annotations

import asyncio
import logging
from copy import deepcopy

from launcher.errors import LauncherError
from launcher.lifecycle import Command, Control
from launcher.state import Move
from virtctl.local.node.attendance import Ward
from virtctl.local.node.books import Subject
from virtctl.local.node.station import Pulse, Station
from virtctl.local.runtime import migrating, migrationsettings
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    child,
    flag,
    namespace_of,
    objects,
    text,
    uid_of,
)
from virtctl.models.kinds import POD

log = logging.getLogger(__name__)


class Mover:
    """Has a guest sent away when its VMI is handed to a migration, or kept when that is aborted.

    ``noticed`` beats when the pod or its VMI has changed.
    """

    def __init__(self, station: Station, subject: Subject, ward: Ward, noticed: Pulse) -> None:
        self._station, self._subject = station, subject
        self._ward, self._noticed = ward, noticed
        self._ordered = self._stopped = ""

    async def run(self, control: Control) -> None:
        """Until cancelled."""
        while True:
            changes = {self._noticed.next, self._ward.told.next}
            vmi = self._station.books.vmi(self._subject)
            state = migrating.state_of(vmi) if vmi is not None else {}
            ours = text(state, "sourcePod") == self._subject.pod.name
            ours = ours and self._ward.state is not None  # else nobody knows what was ordered
            if vmi is not None and ours and migrating.is_under_way(state):
                await self._attend(control, vmi, state)
            await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)

    async def _attend(self, control: Control, vmi: Document, state: Document) -> None:
        migration = text(state, "migrationUid")
        known = self._ward.state.move if self._ward.state is not None else None
        if known is not None and known.id == migration:
            self._ordered = migration  # by the daemon before this one, perhaps
        if self._ordered != migration and text(state, "targetNodeAddress"):
            self._ordered = migration
            await self._order(control, vmi, state)
        elif flag(state, "abortRequested") and self._stopped != migration:
            self._stopped = migration
            try:
                await control.request(Command.STAY)
            except LauncherError as error:
                log.info("%s goes on moving: %s", self._subject.pod.name, error)

    async def _order(self, control: Control, vmi: Document, state: Document) -> None:
        migration = text(state, "migrationUid")
        target = self._station.service.find(POD, namespace_of(vmi), text(state, "targetPod"))
        machine = f"{self._subject.vmi_uid}.{uid_of(target) if target is not None else ''}"
        memory = self._ward.state.memory if self._ward.state is not None else 0
        order = migrationsettings.order(child(state, "migrationConfiguration"), memory)
        place = str(self._station.host.place(machine).root)
        try:
            await control.request(Command.MOVE, id=migration, target=place, **order)
        except LauncherError as error:
            why = str(error)
            self._station.books.set_vmi(
                self._subject, lambda vmi, now: failed(vmi, migration, why, now)
            )


def progress(vmi: Document, move: Move, now: float) -> Document:
    """The status of a VMI whose guest is being sent, or was to be."""
    state = migrating.state_of(vmi, move.id)
    if not migrating.is_under_way(state):
        return child(vmi, "status")
    if move.failed:
        return failed(vmi, move.id, move.reason, now)
    began = text(state, "startTimestamp") or stamp(move.began)
    return migrating.with_state(vmi, startTimestamp=began, mode=move.mode)


def failed(vmi: Document, migration: str, why: str, now: float) -> Document:
    """The status of a VMI whose guest stays where it is."""
    state = migrating.state_of(vmi, migration)
    if not migrating.is_under_way(state):
        return child(vmi, "status")
    aborted = {"abortStatus": "Succeeded"} if flag(state, "abortRequested") else {}
    return migrating.with_state(
        vmi,
        completed=True,
        failed=True,
        failureReason=why,
        endTimestamp=stamp(now),
        **aborted,
    )


def ready(vmi: Document, subject: Subject, address: str) -> Document:
    """The status of a VMI whose target's launcher waits for the guest."""
    state = migrating.state_of(vmi, subject.migration)
    if not migrating.is_under_way(state) or text(state, "targetNodeAddress"):
        return child(vmi, "status")
    return migrating.with_state(vmi, targetNodeAddress=address)


def told_ready(vmi: Document, subject: Subject) -> list[Announce]:
    """What is said of that."""
    state = migrating.state_of(vmi, subject.migration)
    if not migrating.is_under_way(state) or text(state, "targetNodeAddress"):
        return []
    message = "VirtualMachineInstance Migration Target Prepared."
    return [Announce(about=vmi, reason="PreparingTarget", message=message)]


def is_here(vmi: Document, subject: Subject) -> bool:
    """Whether a VMI says already that its guest is in this pod."""
    return subject.pod_uid in child(vmi, "status", "activePods")


def arrived(vmi: Document, subject: Subject, node: str, now: float) -> Document:
    """The status of a VMI whose guest has come to this node."""
    if is_here(vmi, subject):
        return child(vmi, "status")
    changed = vmi
    if migrating.state_of(vmi, subject.migration):
        began = text(migrating.state_of(vmi), "startTimestamp") or stamp(now)
        done = migrating.with_state(
            vmi,
            startTimestamp=began,
            endTimestamp=stamp(now),
            targetNodeDomainDetected=True,
            targetNodeDomainReadyTimestamp=stamp(now),
            completed=True,
        )
        changed = {**vmi, "status": done}
    status = deepcopy(child(changed, "status"))
    status["nodeName"] = node
    status["activePods"] = {subject.pod_uid: node}
    status.pop("evacuationNodeName", None)
    return status


def told_arrived(vmi: Document, subject: Subject, node: str) -> list[Announce]:
    """What is said of that."""
    if is_here(vmi, subject):
        return []
    message = f"The VirtualMachineInstance migrated to node {node}."
    return [Announce(about=vmi, reason="Migrated", message=message)]


def as_arriving(vmi: Document) -> Document:
    """A VMI with the MAC addresses that its guest has."""
    made = deepcopy(vmi)
    known = {text(one, "name"): text(one, "mac") for one in objects(vmi, "status", "interfaces")}
    for interface in objects(made, "spec", "domain", "devices", "interfaces"):
        mac = known.get(text(interface, "name"), "")
        if mac and not text(interface, "macAddress"):
            interface["macAddress"] = mac
    return made
