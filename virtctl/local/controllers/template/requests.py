"""VirtualMachineTemplateRequests: a template is made of a machine, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.controllers.template.making import build_template, disks_of
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, Create, Requeue, delete, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import seconds
from virtctl.models.documents import (
    Document,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import PVC, TEMPLATE, TEMPLATE_REQUEST, VIRTUAL_MACHINE

REQUEST = "template.kubevirt.io/request-uid"
"""Label of a template: the request that it was made for."""


@dataclass(frozen=True)
class Seen:
    """A request, its machine with the claims of its disks, and what has the template's name."""

    request: Document
    vm: Document | None = None
    claims: dict[str, Document] = field(default_factory=dict)
    template: Document | None = None


class TemplateRequestController:
    """Makes templates of machines of the request's own namespace."""

    name = "template requests"
    component = "virt-template-controller"

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Requests."""
        return (Watched(TEMPLATE_REQUEST, reconcile.itself),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The request of ``key`` and what it is about."""
        try:
            request = service.get(TEMPLATE_REQUEST, *key)
        except NotFound:
            return None
        name = text(request, "spec", "virtualMachineRef", "name")
        vm = service.find(VIRTUAL_MACHINE, key.namespace, name)
        found = {claim: service.find(PVC, key.namespace, claim) for claim in disks_of(vm or {})}
        claims = {claim: document for claim, document in found.items() if document is not None}
        template = service.find(TEMPLATE, key.namespace, template_name(request))
        return Seen(request, vm, claims, template)

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """The template, the request's status, and the request's end."""
        request = seen.request
        if is_deleting(request):
            return ()
        if conditions.holds(request, "Ready"):
            return _ending(request, now)
        why = _problem(seen)
        if why:
            return [*_told(request, "False", ("Failed", why), now), Requeue(_AGAIN)]
        labels = {**strings(request, "spec", "templateLabels"), REQUEST: uid_of(request)}
        name = template_name(request)
        template = build_template(seen.vm or {}, name, labels, seen.claims)
        made: list[Change] = []
        if seen.template is None:
            made.append(Create(kind=TEMPLATE, document=template))
        done = ("Completed", f"template {name} was made")
        return [*made, *_told(request, "True", done, now)]


_AGAIN = 5.0


def template_name(request: Document) -> str:
    """The name of the template that is asked for; the request's own when it does not say."""
    return text(request, "spec", "templateName") or name_of(request)


def _problem(seen: Seen) -> str:
    reference = child(seen.request, "spec", "virtualMachineRef")
    where, name = text(reference, "namespace"), text(reference, "name")
    own = namespace_of(seen.request)
    if where not in {"", own}:
        return f"the machine is in namespace {where}; ask for its template there, not in {own}"
    if seen.vm is None:
        return f"there is no machine {name} in namespace {own}"
    owner = strings(seen.template or {}, "metadata", "labels").get(REQUEST)
    if seen.template is not None and owner != uid_of(seen.request):
        return f"there is a template {template_name(seen.request)} already"
    return ""


def _told(request: Document, ready: str, said: tuple[str, str], now: float) -> tuple[Change, ...]:
    reason, message = said
    status = dict(child(request, "status"))
    wanted = [
        condition("Ready", ready, reason=reason, message=message),
        condition("Progressing", "False", reason=reason, message=message),
    ]
    status["conditions"] = conditions.merged(objects(status, "conditions"), wanted, now)
    if ready == "True":
        status["templateRef"] = {"name": template_name(request)}
    return status_patch(TEMPLATE_REQUEST, request, status)


def _ending(request: Document, now: float) -> Sequence[Change]:
    """The end of a request that is done, some time after that."""
    life = find(request, "spec", "ttlSecondsAfterFinished")
    known = conditions.find_condition(request, "Ready")
    if not isinstance(life, int) or known is None:
        return ()
    left = seconds(text(known, "lastTransitionTime")) + life - now
    return [Requeue(left)] if left > 0 else [delete(TEMPLATE_REQUEST, request)]
