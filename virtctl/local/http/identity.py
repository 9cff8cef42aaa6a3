"""From a connection and a header to who calls: client certificate, bearer token or Unix socket."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from virtctl.errors import Unauthorized
from virtctl.local.api.access.authorizer import ADMIN_GROUP
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.imports.tokens import Grant, Tokens
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import POD, SECRET, SERVICE_ACCOUNT, Kind

AUTHENTICATED = "system:authenticated"
ANONYMOUS = Actor("system:anonymous", ("system:unauthenticated",))
LOCAL_ADMIN = Actor("virtctl-admin", (ADMIN_GROUP, AUTHENTICATED))
DEFAULT_SECONDS = 3600
_POD_SECONDS = 365 * 24 * 3600
AUDIENCE = "https://kubernetes.default.svc.cluster.local"
_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Peer:
    """The other end of a connection: its certificate's names, and whether it is our socket."""

    common_name: str = ""
    organizations: tuple[str, ...] = ()
    unix: bool = False


@dataclass(frozen=True)
class Token:
    """A bearer token that was issued, and when it expires (seconds since the epoch)."""

    text: str
    expires: float


class Identity(Protocol):
    """Knows callers and issues service account tokens."""

    def identify(self, peer: Peer, authorization: str) -> Actor:
        """Who calls. Raises ``Unauthorized`` for credentials that are no good."""

    def review(self, token: str) -> Actor | None:
        """Whose ``token`` is; None when it is no good."""

    def issue(self, namespace: str, name: str, uid: str, seconds: int) -> Token:
        """A token of the service account of ``uid``, good for ``seconds``."""

    def issue_for_secret(self, account: Document, secret: Document) -> str:
        """A token of ``account`` that is good as long as ``secret`` is there."""

    def issue_upload(self, grant: Grant) -> str:
        """A token for the upload proxy."""


def service_account(namespace: str, name: str, uid: str = "") -> Actor:
    """The actor that a service account's token stands for."""
    return Actor(
        f"{_ACCOUNT}{namespace}:{name}",
        ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED),
        uid,
    )


class Accounts(Protocol):
    """What tokens depend on."""

    def uid(self, namespace: str, name: str) -> str:
        """The uid of a service account; empty when there is none."""

    def secret_uid(self, namespace: str, name: str) -> str:
        """The uid of a secret; empty when there is none."""

    def pod_uid(self, namespace: str, name: str) -> str:
        """The uid of a pod; empty when there is none."""


class StoredAccounts:
    """Service accounts, secrets and pods of ``service``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def uid(self, namespace: str, name: str) -> str:
        return self._uid(SERVICE_ACCOUNT, namespace, name)

    def secret_uid(self, namespace: str, name: str) -> str:
        return self._uid(SECRET, namespace, name)

    def pod_uid(self, namespace: str, name: str) -> str:
        return self._uid(POD, namespace, name)

    def _uid(self, kind: Kind, namespace: str, name: str) -> str:
        if not self._service.exists(kind, namespace, name):
            return ""
        return documents.uid_of(self._service.get(kind, namespace, name))


class KeyIdentity:
    """Certificates of our own CA, fixed tokens, and tokens signed with ``key``.

    Signed tokens are JWTs (RFC 7519) with HMAC-SHA256, readable by clients that look into them.
    """

    def __init__(
        self,
        key: bytes,
        tokens: Mapping[str, Actor] | None = None,
        clock: Callable[[], float] = time.time,
        accounts: Accounts | None = None,
    ) -> None:
        self._key = key
        self._tokens = dict(tokens or {})
        self._clock = clock
        self._accounts = accounts

    def identify(self, peer: Peer, authorization: str) -> Actor:
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            actor = self.review(credentials.strip())
            if actor is None:
                raise Unauthorized("Unauthorized")
            return actor
        if peer.unix:
            return LOCAL_ADMIN
        if peer.common_name:
            return Actor(peer.common_name, (*peer.organizations, AUTHENTICATED))
        return ANONYMOUS

    def review(self, token: str) -> Actor | None:
        for known, actor in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return replace(actor, groups=(*actor.groups, AUTHENTICATED))
        return self._verify(token)

    def _verify(self, token: str) -> Actor | None:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed).encode(), signature.encode()):
            return None
        try:
            claims = msgspec.json.decode(_unbase64(signed.partition(".")[2]), type=_Claims)
        except (msgspec.DecodeError, binascii.Error):
            return None
        if (claims.exp is not None and claims.exp < self._clock()) or not self._stands(claims):
            return None
        namespace, _, name = claims.sub.removeprefix(_ACCOUNT).partition(":")
        return service_account(namespace, name, claims.bound.serviceaccount.uid)

    def _stands(self, claims: _Claims) -> bool:
        """Whether the account is still there, and the secret or pod that the token is for."""
        if self._accounts is None:
            return True
        bound = claims.bound
        account, secret, pod = bound.serviceaccount, bound.secret, bound.pod
        if self._accounts.uid(bound.namespace, account.name) != account.uid:
            return False
        if pod is not None and self._accounts.pod_uid(bound.namespace, pod.name) != pod.uid:
            return False
        return secret is None or (
            self._accounts.secret_uid(bound.namespace, secret.name) == secret.uid
        )

    def issue(self, namespace: str, name: str, uid: str, seconds: int) -> Token:
        expires = int(self._clock()) + seconds
        bound = _Bound(namespace, _Reference(name, uid))
        return Token(self._write(namespace, name, bound, expires), expires)

    def issue_for_secret(self, account: Document, secret: Document) -> str:
        namespace, name = documents.namespace_of(account), documents.name_of(account)
        holder = _Reference(documents.name_of(secret), documents.uid_of(secret))
        bound = _Bound(namespace, _Reference(name, documents.uid_of(account)), holder)
        return self._write(namespace, name, bound, None)

    def issue_for_pod(self, account: Document, pod: Document) -> str:
        """A token of ``account`` for a year that is good as long as ``pod`` is there.

        So long do the tokens in pods of a cluster hold, too, whose API server extends them.
        """
        namespace, name = documents.namespace_of(account), documents.name_of(account)
        holder = _Reference(documents.name_of(pod), documents.uid_of(pod))
        bound = _Bound(namespace, _Reference(name, documents.uid_of(account)), pod=holder)
        return self._write(namespace, name, bound, int(self._clock()) + _POD_SECONDS)

    def issue_upload(self, grant: Grant) -> str:
        return Tokens.of_instance(self._key.decode()).issue(grant, self._clock())

    def _write(self, namespace: str, name: str, bound: _Bound, expires: int | None) -> str:
        now = int(self._clock())
        claims = _Claims(
            f"{_ACCOUNT}{namespace}:{name}", bound, expires, now, now, AUDIENCE, (AUDIENCE,)
        )
        head = _base64(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
        signed = f"{head}.{_base64(msgspec.json.encode(claims))}"
        return f"{signed}.{self._sign(signed)}"

    def _sign(self, text: str) -> str:
        return _base64(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


class _Reference(msgspec.Struct):
    name: str
    uid: str


class _Bound(msgspec.Struct, omit_defaults=True):
    namespace: str
    serviceaccount: _Reference
    secret: _Reference | None = None
    pod: _Reference | None = None


class _Claims(msgspec.Struct, omit_defaults=True):
    sub: str
    bound: _Bound = msgspec.field(name="kubernetes.io")
    exp: int | None = None
    iat: int = 0
    nbf: int = 0
    iss: str = ""
    aud: tuple[str, ...] = ()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
