"""Look by the schedule of each DataImportCron which version of its image there is."""

from __future__ import annotations

import asyncio
import logging

from virtctl.errors import ApiError, InvalidField, VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.images.logins import Login, Logins, nobody
from virtctl.local.images.manifests import host_architecture
from virtctl.local.images.references import parse_registry
from virtctl.local.node.fillingjobs import Waiting, registry_source
from virtctl.local.runtime import polls, reconcile, schedules
from virtctl.local.runtime.changes import Announce, patch
from virtctl.local.runtime.clock import Clock
from virtctl.models.documents import Document, child, namespace_of, text
from virtctl.models.kinds import DATA_IMPORT_CRON

log = logging.getLogger(__name__)

COMPONENT = "dataimportcron-controller"
_LOOK = 2.0  # seconds between two looks for what is due
_RETRY = 60.0  # seconds after a look that failed before anything was found


class Polling:
    """Polls for all crons of an instance."""

    name = "polling"

    def __init__(self, service: ApiService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def run(self, look: float = _LOOK) -> None:
        """Poll until cancelled."""
        while True:
            for cron in self._service.list(DATA_IMPORT_CRON).items:
                if is_due(cron, self._clock.now()):
                    await self._poll(cron)
            await asyncio.sleep(look)

    async def _poll(self, cron: Document) -> None:
        digest = ""
        try:
            digest = await asyncio.to_thread(self._digest, cron)
        except (VirtctlError, Waiting) as error:
            self._do(Announce(about=cron, reason="PollFailed", message=str(error), warning=True))
        self._do(patch(DATA_IMPORT_CRON, cron, polls.found(digest, self._clock.now())))

    def _digest(self, cron: Document) -> str:
        """The digest of the image; raises ``VirtctlError`` and ``Waiting``."""
        from virtctl.local.images.registry import RegistrySource

        spec = child(cron, "spec", "template", "spec", "source", "registry")
        if not spec:
            raise InvalidField(
                "spec.template.spec.source", "", "must be a `registry`: only images have versions"
            )
        source = registry_source(self._service, namespace_of(cron), spec)
        logins: Logins = nobody
        if source.user:
            login = Login(source.user, source.password)
            logins = lambda _: login  # noqa: E731 - a value, chosen here
        reference = parse_registry(text(spec, "url"))
        architecture = source.architecture or host_architecture()
        with RegistrySource(
            reference, architecture, logins, authority=source.authority
        ) as registry:
            return registry.manifest().digest

    def _do(self, change: reconcile.Doable) -> None:
        try:
            reconcile.carry_out(self._service, change, COMPONENT, self._clock.now())
        except ApiError as error:
            log.warning("polling: %s", error)


def is_due(cron: Document, now: float) -> bool:
    """Whether it is time to look: at once for a new cron, then by its schedule.

    A cron without a schedule is polled once.
    """
    last = polls.polled(cron)
    if not last:
        return True
    if not polls.desired(cron) and now - last >= _RETRY:
        return True
    schedule = text(cron, "spec", "schedule")
    if not schedule:
        return False
    try:
        following = schedules.parse(schedule).after(last)
    except InvalidField:
        return False
    return following is not None and following <= now
