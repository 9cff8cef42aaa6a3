"""VirtualMachineTemplates: whether they can be filled in."""

from __future__ import annotations

from collections.abc import Sequence

from virtctl.errors import InvalidField
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, integer, objects
from virtctl.models.kinds import TEMPLATE
from virtctl.wire import templating


class TemplateController:
    """Keeps the condition Ready of templates."""

    name = "templates"
    component = "virt-template-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Templates."""
        return (Watched(TEMPLATE, reconcile.itself),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Document | None:
        """The template of ``key``."""
        return service.find(TEMPLATE, *key)

    def decide(self, seen: Document, now: float) -> Sequence[Change]:
        """The template's status."""
        if is_deleting(seen):
            return ()
        status = dict(child(seen, "status"))
        said = {**_ready(seen), "observedGeneration": integer(seen, "metadata", "generation")}
        status["conditions"] = conditions.merged(objects(status, "conditions"), [said], now)
        return status_patch(TEMPLATE, seen, status)


def _ready(template: Document) -> Document:
    try:
        why = templating.problem(template)
    except InvalidField as error:
        why = str(error)
    if why:
        return condition("Ready", "False", reason="Invalid", message=why)
    message = "the template can be filled in"
    return condition("Ready", "True", reason="Valid", message=message)
