"""The admission chain: defaults, metadata, schema, rules. Fulfils ``hooks.Admit``.

Our own controllers pass the same chain when they create; their updates are taken as they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from virtctl.errors import Cause, Forbidden, StatusDetails
from virtctl.local.api import carriedrules, decoding, objects, podclaims, schema
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.customs.admitting import default_definition, definition_causes
from virtctl.local.api.customs.definition import Definition
from virtctl.local.api.customs.expressions import rule_causes
from virtctl.local.api.defaults import macpool
from virtctl.local.api.defaults.autoscalers import default_autoscaler
from virtctl.local.api.defaults.builtin import default_builtin
from virtctl.local.api.defaults.claims import default_claim
from virtctl.local.api.defaults.networkpolicies import default_network_policy
from virtctl.local.api.defaults.roundtrip import canonical
from virtctl.local.api.defaults.schemas import fill
from virtctl.local.api.defaults.services import default_service
from virtctl.local.api.hooks import Admitted
from virtctl.local.api.poolmacs import Derive, Holder, PoolAddresses
from virtctl.local.api.quotas import allowance, aware, limits
from virtctl.local.api.registry import Registry
from virtctl.local.api.rules import installation, priorities, quotas, roles
from virtctl.local.api.rules.claims import claim_update_causes
from virtctl.local.api.rules.core import core_causes
from virtctl.local.api.rules.metadata import finalizer_warnings, metadata_causes
from virtctl.local.api.rules.pods import pod_update_causes
from virtctl.local.api.webhooks import Webhook, check_status, denial, webhook_of
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind
from virtctl.wire import status

__all__ = ["Admission", "admit", "causes", "default", "denial"]

ListObjects = Callable[[Kind], Iterable[Document]]
GetObject = Callable[[Kind, str, str], "Document | None"]


@dataclass
class _Sources:
    """Where other objects are read; nowhere until there is a service."""

    list_all: ListObjects = lambda _: ()
    get_one: GetObject | None = None
    derived: Derive | None = None

    def derive(self, kind: Kind, what: Callable[[Document], Holder]) -> Iterable[Holder]:
        """What ``what`` makes of each object of ``kind``."""
        if self.derived is not None:
            return self.derived(kind, what)
        return map(what, self.list_all(kind))

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object; None when it is not there."""
        if self.get_one is not None:
            return self.get_one(kind, namespace, name)
        for item in self.list(kind, namespace):
            if documents.name_of(item) == name:
                return item
        return None

    def list(self, kind: Kind, namespace: str) -> Iterator[Document]:
        """The objects of a namespace, of all when that is empty or the kind has none."""
        everywhere = not namespace or not kind.namespaced
        for item in self.list_all(kind):
            if everywhere or documents.namespace_of(item) == namespace:
                yield item


@dataclass(frozen=True)
class Admission:
    """Admits writes to one server."""

    host_architecture: str = "amd64"
    pool: macpool.MacPool = field(default_factory=macpool.MacPool)
    namespace: str = "kubevirt"  # where settings of the control plane's parts are
    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    registry: Registry = field(default_factory=Registry)
    _sources: _Sources = field(default_factory=_Sources)

    def attach(
        self,
        list_objects: ListObjects,
        get_object: GetObject | None = None,
        derive: Derive | None = None,
    ) -> None:
        """Read other objects through these from now on.

        ``list_objects`` gives all stored objects of a kind, ``get_object`` one by kind, namespace
        and name, or None. ``derive`` gives what a function makes of each object of a kind, and may
        remember it.
        """
        self._sources.list_all, self._sources.get_one = list_objects, get_object
        self._sources.derived = derive

    def __call__(self, request: Admitted) -> Document:
        """The document to store. Raises ``ApiError`` to refuse."""
        if request.new is None:
            self._check_removal(request)
            return request.old or {}
        definition = self.registry.definition(request.kind)
        if definition is not None:
            return admit_custom(definition, documents.copied(request.new), request)
        if not (request.subresource or request.actor.system or is_builtin(request.kind)):
            request.warnings.extend(finalizer_warnings(request.old or {}, request.new))
        if request.subresource == "status" and not request.actor.system:
            self._check_status(request, request.new)
        if request.subresource or (request.actor.system and request.old is not None):
            return request.new
        if request.kind == kinds.DEFINITION:
            self._warn_of_own(request)
        document = documents.copied(request.new)
        self._refer(request, document)
        made = admit(request.kind, document, self._context(request))
        if request.kind == kinds.VIRTUAL_MACHINE and not request.actor.system:
            carriedrules.check(made, request.warnings)
        if request.old is None:
            aware.gate(request.kind, made, self._sources)
            limits.apply(request.kind, made, self._sources)
        if request.old is None or request.kind in allowance.CHANGEABLE:
            allowance.check(request.kind, made, self._sources, request.old)
        return made

    def _refer(self, request: Admitted, document: Document) -> None:
        """Look up what a pod or priority class refers to. Raises ``Forbidden``."""
        if request.kind == kinds.POD and request.old is None:
            podclaims.prioritize(document, self._sources, lenient=request.actor.system)
            if not request.actor.system:
                podclaims.tolerate(document)
                podclaims.check_account(document, self._sources)
        elif request.kind == kinds.PRIORITY_CLASS:
            podclaims.check_default(document, request.old, self._sources)

    def _check_status(self, request: Admitted, new: Document) -> None:
        """Refuse a status that asks for what can't be; the schema has its say before."""
        if request.kind == kinds.VIRTUAL_MACHINE:
            mistyped = schema.type_errors(request.kind, new)
            if mistyped:
                raise status.invalid(request.kind, documents.name_of(new), tuple(mistyped))
        check_status(request.kind, new, self._context(request))

    def _check_removal(self, request: Admitted) -> None:
        """Refuse to remove the definition of a kind that is part of this server, and KubeVirt
        from under what runs on it."""
        if request.kind == kinds.KUBEVIRT and not request.actor.system:
            installation.check_removal(request.old or {}, self._sources)
        name = documents.name_of(request.old or {})
        if request.kind == kinds.DEFINITION and self.registry.is_own(name):
            raise Forbidden(
                f'customresourcedefinitions.apiextensions.k8s.io "{name}" is forbidden: the kind '
                "is part of this server",
                StatusDetails(name=name, group=request.kind.group, kind=request.kind.plural),
            )

    def _warn_of_own(self, request: Admitted) -> None:
        name = documents.name_of(request.new or {})
        if self.registry.is_own(name) and not request.actor.system:
            request.warnings.append(
                f"{name} is part of this server, which keeps to its own schema whatever the "
                "definition says"
            )

    def _context(self, request: Admitted) -> AdmissionContext:
        installed = self._installed()
        return AdmissionContext(
            configuration=documents.child(installed, "spec", "configuration"),
            cluster_notes=documents.strings(installed, "metadata", "annotations"),
            old=request.old,
            subresource=request.subresource,
            system=request.actor.system,
            host_architecture=self.host_architecture,
            now=objects.timestamp(self.now()),
            new_uuid=self.new_uuid,
            macs=PoolAddresses(
                self.pool, self.namespace, self._sources, self._sources.derive, request
            ),
            warnings=request.warnings,
            stored=self._sources,
        )

    def _installed(self) -> Document:
        return next(iter(self._sources.list_all(kinds.KUBEVIRT)), {})


def admit_custom(definition: Definition, document: Document, request: Admitted) -> Document:
    """``document``, changed in place, of a kind that a definition adds. Raises ``Invalid``.

    What was stored before the schema was tightened may stay as it is.
    """
    definition.fill(document)
    if request.actor.system:
        return document
    broken = list(metadata_causes(definition.kind, document, created=request.old is None))
    if request.old is None:
        broken = [*objects.identity_causes(definition.kind, document), *broken]
    broken += definition.type_causes(document)
    if broken and request.old is not None:
        known = definition.type_causes(request.old)
        broken = [cause for cause in broken if cause not in known]
    blocked = schema.unchecked(definition.shape, broken)
    broken += blocked or definition.rule_causes(document, request.old)
    if broken:
        name = documents.name_of(document)
        raise status.invalid(definition.kind, name, tuple(broken))
    return document


def admit(kind: Kind, document: Document, context: AdmissionContext) -> Document:
    """``document``, changed in place, as it is to be stored. Raises ``ApiError`` to refuse."""
    webhook = webhook_of(kind)
    shape = schema.shape_of_kind(kind)
    if not is_builtin(kind):
        fill(shape, document)
    if webhook is not None and webhook.mutator:
        decoding.check(kind, document, webhook.mutator)
        if webhook.rewrites and (context.is_create or kind == kinds.VIRTUAL_MACHINE):
            document = canonical(shape, document)
    default(kind, document, context)
    if webhook is not None and webhook.mutator:
        fill(shape, document)  # what a webhook gives back gets its defaults again
    mistyped = _type_causes(kind, document, context)
    broken = [*_metadata_causes(kind, document, context), *mistyped]
    if is_builtin(kind) and not mistyped:
        broken += core_causes(kind, document)
        broken += _update_causes(kind, document, context)
        broken += _kept_causes(kind, document, context)
        broken += _definition_causes(kind, document, context)
    blocked = schema.unchecked(shape, broken)
    broken += [cause for cause in blocked if cause not in broken]
    if not blocked:
        broken += rule_causes(shape, document, context.old)
    if broken:
        raise status.invalid(kind, documents.name_of(document), tuple(broken))
    if webhook is not None:
        _validate(kind, document, webhook, context)
    return document


def _type_causes(kind: Kind, document: Document, context: AdmissionContext) -> list[Cause]:
    """Values of the wrong type. What a definition lacks is told with all else that is wrong."""
    found = schema.type_errors(kind, document)
    if kind != kinds.DEFINITION or context.system:
        return found
    return [cause for cause in found if cause.reason != "FieldValueRequired"]


def _validate(kind: Kind, document: Document, webhook: Webhook, context: AdmissionContext) -> None:
    """Ask the validating webhook of ``kind``. Raises ``ApiError`` if it refuses."""
    name = webhook.name(context)
    if webhook.checks:
        decoding.check(kind, document, name)
    elif webhook.decodes:
        decoding.decode(kind, document, name)
    before = len(context.warnings)
    found = list(webhook.causes(document, context))
    if found:
        if not webhook.warns:
            del context.warnings[before:]
        raise denial(name, found)


def default(kind: Kind, document: Document, context: AdmissionContext) -> None:
    """Fill in what ``kind``'s mutating webhook fills in."""
    webhook = webhook_of(kind)
    if webhook is not None:
        webhook.default(document, context)
    elif kind == kinds.DEFINITION:
        default_definition(document, context.old, context.now)
    elif kind == kinds.SERVICE:
        default_service(document, context)
    elif kind == kinds.AUTOSCALER:
        default_autoscaler(document)
    elif kind == kinds.PVC:
        default_claim(document, context)
    elif kind == kinds.NETWORK_POLICY:
        default_network_policy(document)
    else:
        default_builtin(kind, document, posted=context.is_create and not context.system)


def causes(kind: Kind, document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Why ``kind``'s validating webhook refuses ``document``."""
    webhook = webhook_of(kind)
    if webhook is not None:
        yield from webhook.causes(document, context)


def _metadata_causes(kind: Kind, document: Document, context: AdmissionContext) -> Iterator[Cause]:
    if context.is_create:
        yield from objects.identity_causes(kind, document)
    yield from metadata_causes(kind, document, created=context.is_create)


def _update_causes(kind: Kind, document: Document, context: AdmissionContext) -> Iterator[Cause]:
    if kind == kinds.PVC and context.old is not None:
        yield from claim_update_causes(document, context.old)
    elif kind == kinds.POD and context.old is not None:
        yield from pod_update_causes(document, context.old)


def _kept_causes(kind: Kind, document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Rules of kinds that have parts which must not change."""
    if kind in roles.KINDS:
        yield from roles.role_causes(kind, document, context.old)
    elif kind == kinds.RESOURCE_QUOTA:
        yield from quotas.quota_causes(document, context.old)
    elif kind == kinds.PRIORITY_CLASS:
        yield from priorities.priority_causes(document, context.old)


def _definition_causes(
    kind: Kind, document: Document, context: AdmissionContext
) -> Iterator[Cause]:
    # Our own definitions need no approval: their names are those of the real ones.
    if kind == kinds.DEFINITION and not context.system:
        yield from definition_causes(document, context.old)
