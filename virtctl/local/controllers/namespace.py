"""Namespaces: those always there, what each has, and the emptying of deleted ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import (
    Change,
    Create,
    Delete,
    Requeue,
    patch,
    status_patch,
)
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition, merged
from virtctl.local.runtime.owners import finalizers, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    child,
    name_of,
    namespace_of,
    objects,
    uid_of,
)
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT, Kind

ALWAYS = ("default", "kube-system", "kube-public", "kube-node-lease")
SERVICE_CA = "openshift-service-ca.crt"
"""ConfigMap that OpenShift has in each namespace: its clients mount it, be it empty."""

_PATIENCE = 0.3  # seconds between looks at a namespace that is not empty yet


@dataclass(frozen=True)
class Content:
    """An object in a namespace."""

    kind: Kind
    document: Document


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A namespace; what is in it is looked at only when it is to go."""

    namespace: Document
    has_account: bool = True
    has_map: bool = True
    contents: tuple[Content, ...] = ()


class NamespaceController:
    """Makes and empties namespaces. ``names`` are made beside those that Kubernetes always has."""

    name = "namespace"
    component = "namespace-controller"

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._names = (*ALWAYS, *names)

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Namespaces, and the account and map that each has."""
        return (
            Watched(NAMESPACE, reconcile.itself),
            Watched(SERVICE_ACCOUNT, lambda account: (Key("", namespace_of(account)),)),
            Watched(CONFIG_MAP, _of_ours),
        )

    def prepare(self, service: ApiService) -> None:
        """Make the namespaces that everything else needs; ``run`` does it too."""
        for name in self._names:
            service.ensure_namespace(name)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        self.prepare(service)
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The namespace of ``key``."""
        try:
            namespace = service.get(NAMESPACE, None, key.name)
        except NotFound:
            return None
        if is_deleting(namespace):
            return Seen(namespace=namespace, contents=tuple(_contents(service, key.name)))
        accounts = {name_of(one) for one in service.list(SERVICE_ACCOUNT, key.name).items}
        return Seen(
            namespace=namespace,
            has_account="default" in accounts,
            has_map=service.find(CONFIG_MAP, key.name, SERVICE_CA) is not None,
        )

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """What to change about one namespace."""
        name = name_of(seen.namespace)
        if not is_deleting(seen.namespace):
            accounts = () if seen.has_account else (_account(name),)
            return [*accounts, *(() if seen.has_map else (_map(name),))]
        if not seen.contents:
            body: Document = {"spec": {"finalizers": None}}
            return [patch(NAMESPACE, seen.namespace, body, subresource="finalize")]
        made: list[Change] = [
            _removal(content) for content in seen.contents if not is_deleting(content.document)
        ]
        told = _told(seen.namespace, seen.contents, now)
        return [*made, *told, Requeue(_PATIENCE)]


def _of_ours(document: Document) -> Iterable[Key]:
    return (Key("", namespace_of(document)),) if name_of(document) == SERVICE_CA else ()


def _contents(service: ApiService, namespace: str) -> list[Content]:
    return [
        Content(kind, document)
        for kind in service.registry.kinds
        if kind.namespaced
        for document in service.list(kind, namespace).items
    ]


def _told(namespace: Document, contents: tuple[Content, ...], now: float) -> tuple[Change, ...]:
    """The namespace's conditions, once something does not go at once."""
    staying = [content for content in contents if is_deleting(content.document)]
    if not staying:
        return ()
    counts = Counter(f"{one.kind.plural}.{one.kind.group}" for one in staying)
    held = Counter(name for one in staying for name in finalizers(one.document))
    remaining = [f"{name} has {counts[name]} resource instances" for name in sorted(counts)]
    waiting = [f"{name} in {held[name]} resource instances" for name in sorted(held)]
    wanted = [
        *_SETTLED,
        condition(
            "NamespaceContentRemaining",
            "True",
            reason="SomeResourcesRemain",
            message=f"Some resources are remaining: {', '.join(remaining)}",
        ),
        condition(
            "NamespaceFinalizersRemaining",
            "True",
            reason="SomeFinalizersRemain",
            message="Some content in the namespace has finalizers remaining: " + ", ".join(waiting),
        )
        if waiting
        else condition(
            "NamespaceFinalizersRemaining",
            "False",
            reason="ContentHasNoFinalizers",
            message="All content-preserving finalizers finished",
        ),
    ]
    known = objects(namespace, "status", "conditions")
    status: Document = {
        **child(namespace, "status"),
        "conditions": merged(known, wanted, now),
    }
    return status_patch(NAMESPACE, namespace, status)


_SETTLED = (
    condition(
        "NamespaceDeletionDiscoveryFailure",
        "False",
        reason="ResourcesDiscovered",
        message="All resources successfully discovered",
    ),
    condition(
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        reason="ParsedGroupVersions",
        message="All legacy kube types successfully parsed",
    ),
    condition(
        "NamespaceDeletionContentFailure",
        "False",
        reason="ContentDeleted",
        message="All content successfully deleted, may be waiting on finalization",
    ),
)
"""What cannot fail here, in the words that tools look for."""


def _removal(content: Content) -> Delete:
    return Delete(
        kind=content.kind,
        namespace=namespace_of(content.document),
        name=name_of(content.document),
        uid=uid_of(content.document),
    )


def _account(namespace: str) -> Create:
    return Create(
        kind=SERVICE_ACCOUNT,
        document={
            "apiVersion": SERVICE_ACCOUNT.api_version,
            "kind": SERVICE_ACCOUNT.name,
            "metadata": {"name": "default", "namespace": namespace},
        },
    )


def _map(namespace: str) -> Create:
    return Create(
        kind=CONFIG_MAP,
        document={
            "apiVersion": CONFIG_MAP.api_version,
            "kind": CONFIG_MAP.name,
            "metadata": {
                "name": SERVICE_CA,
                "namespace": namespace,
                "annotations": {"service.beta.openshift.io/inject-cabundle": "true"},
            },
        },
    )
