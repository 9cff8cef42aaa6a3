"""Events are dropped an hour after they were last said (kube-apiserver's ``--event-ttl``)."""

from __future__ import annotations

import asyncio
import logging

from virtctl.errors import ApiError
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Delete, delete
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.events import LIFETIME
from virtctl.local.runtime.times import seconds
from virtctl.models.documents import Document, text
from virtctl.models.kinds import EVENT

log = logging.getLogger(__name__)

_INTERVAL = 60.0  # seconds


class ExpiryController:
    """Drops old events."""

    name = "expiry"
    component = "event-ttl"

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        while True:
            for change in self.decide(service.list(EVENT).items, clock.now()):
                try:
                    reconcile.carry_out(service, change, self.component, clock.now())
                except ApiError as error:
                    log.warning("event %s stays: %s", change.name, error)
            await asyncio.sleep(_INTERVAL)

    def decide(self, events: list[Document], now: float) -> list[Delete]:
        """Which events go."""
        return [delete(EVENT, event) for event in events if _said(event) + LIFETIME < now]


def _said(event: Document) -> float:
    """When an event was made or last said, whichever is later.

    What it says of a time long past counts for nothing: kube-apiserver counts from the last write.
    """
    times = (("metadata", "creationTimestamp"), ("lastTimestamp",), ("eventTime",))
    return max(seconds(text(event, *path)) for path in times)
