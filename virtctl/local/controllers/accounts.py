"""What service accounts and namespaces are given: token secrets, and the cluster's certificate."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Create, delete, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, name_of, namespace_of, strings, text, uid_of
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, SECRET, SERVICE_ACCOUNT

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret
_NAME = "kubernetes.io/service-account.name"
_UID = "kubernetes.io/service-account.uid"
ROOT_CERTIFICATE = "kube-root-ca.crt"

Issue = Callable[[Document, Document], str]
"""A token of an account (the first document) for a secret (the second)."""


@dataclass(frozen=True)
class SecretSeen:
    """A token secret and the account that it names, if that is there."""

    secret: Document
    account: Document | None


class TokenController:
    """Fills in token secrets. ``certificate`` is the CA's, in PEM."""

    name = "tokens"
    component = "token-controller"

    def __init__(self, issue: Issue, certificate: str) -> None:
        self._issue = issue
        self._certificate = certificate

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Secrets, and the accounts that they are for."""
        return (
            Watched(SECRET, reconcile.itself),
            Watched(SERVICE_ACCOUNT, lambda account: (Key(namespace_of(account), ""),)),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> tuple[SecretSeen, ...]:
        """One secret or, when an account has changed, all of its namespace."""
        try:
            secrets = (
                [service.get(SECRET, key.namespace, key.name)]
                if key.name
                else service.list(SECRET, key.namespace, fields=f"type={TOKEN_TYPE}").items
            )
        except NotFound:
            return ()
        return tuple(
            SecretSeen(secret, _account(service, secret))
            for secret in secrets
            if text(secret, "type") == TOKEN_TYPE
        )

    def decide(self, seen: tuple[SecretSeen, ...], now: float) -> list[Change]:
        """Fill in secrets, and remove those whose account is gone."""
        del now
        made: list[Change] = []
        for one in seen:
            if one.account is None:
                made.append(delete(SECRET, one.secret))
            elif not is_deleting(one.secret):
                made.extend(self._filled(one.secret, one.account))
        return made

    def _filled(self, secret: Document, account: Document) -> list[Change]:
        data = child(secret, "data")
        wanted = {
            "ca.crt": self._certificate,
            "namespace": namespace_of(secret),
        }
        missing = {key: _encoded(value) for key, value in wanted.items() if not data.get(key)}
        if not data.get("token"):
            missing["token"] = _encoded(self._issue(account, secret))
        body: Document = {}
        if missing:
            body["data"] = {**missing}
        if strings(secret, "metadata", "annotations").get(_UID) != uid_of(account):
            body["metadata"] = {"annotations": {_UID: uid_of(account)}}
        return [patch(SECRET, secret, body)] if body else []


def _account(service: ApiService, secret: Document) -> Document | None:
    annotations = strings(secret, "metadata", "annotations")
    try:
        account = service.get(SERVICE_ACCOUNT, namespace_of(secret), annotations.get(_NAME, ""))
    except NotFound:
        return None
    return account if annotations.get(_UID, uid_of(account)) == uid_of(account) else None


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


@dataclass(frozen=True)
class NamespaceSeen:
    """A namespace, and the map of certificates in it."""

    namespace: Document
    known: Document | None


class CertificateController:
    """Puts the CA's certificate into every namespace. ``certificate`` is PEM."""

    name = "certificates"
    component = "root-ca-cert-publisher"

    def __init__(self, certificate: str) -> None:
        self._certificate = certificate

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Namespaces, and the maps in them."""
        return (
            Watched(NAMESPACE, reconcile.itself),
            Watched(
                CONFIG_MAP,
                lambda one: (
                    (Key("", namespace_of(one)),) if name_of(one) == ROOT_CERTIFICATE else ()
                ),
            ),
        )

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> NamespaceSeen | None:
        """The namespace of ``key`` and its map."""
        try:
            namespace = service.get(NAMESPACE, None, key.name)
        except NotFound:
            return None
        known = None
        if service.exists(CONFIG_MAP, key.name, ROOT_CERTIFICATE):
            known = service.get(CONFIG_MAP, key.name, ROOT_CERTIFICATE)
        return NamespaceSeen(namespace, known)

    def decide(self, seen: NamespaceSeen, now: float) -> list[Change]:
        """Make the map, or put it right."""
        del now
        if is_deleting(seen.namespace):
            return []
        data: Document = {"ca.crt": self._certificate}
        if seen.known is None:
            metadata: Document = {
                "name": ROOT_CERTIFICATE,
                "namespace": name_of(seen.namespace),
                "annotations": {
                    "kubernetes.io/description": "The certificate of the CA that signs the API "
                    "server's certificate."
                },
            }
            document: Document = {
                "apiVersion": CONFIG_MAP.api_version,
                "kind": CONFIG_MAP.name,
                "metadata": metadata,
                "data": data,
            }
            return [Create(kind=CONFIG_MAP, document=document)]
        if text(seen.known, "data", "ca.crt") != self._certificate:
            return [patch(CONFIG_MAP, seen.known, {"data": data})]
        return []
