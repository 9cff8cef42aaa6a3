"""From a connection and a header to who calls: client certificate, bearer token or Unix socket."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from virtctl.errors import Unauthorized
from virtctl.local.api.access.authorizer import ADMIN_GROUP
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.imports.tokens import Grant, Tokens
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import NODE, POD, SECRET, SERVICE_ACCOUNT, Kind

AUTHENTICATED = "system:authenticated"
ANONYMOUS = Actor("system:anonymous", ("system:unauthenticated",))
LOCAL_ADMIN = Actor("virtctl-admin", (ADMIN_GROUP, AUTHENTICATED))
DEFAULT_SECONDS = 3600
_POD_SECONDS = 365 * 24 * 3600
AUDIENCE = "https://kubernetes.default.svc.cluster.local"
_ACCOUNT = "system:serviceaccount:"
_EXTRA = "authentication.kubernetes.io/"
_INVALID = "invalid bearer token"
_GONE = "service account token has been invalidated"


@dataclass(frozen=True)
class Peer:
    """The other end of a connection: its certificate's names, and whether it is our socket.

    ``digest`` is the SHA-256 of the certificate, in hexadecimal.
    """

    common_name: str = ""
    organizations: tuple[str, ...] = ()
    unix: bool = False
    digest: str = ""


@dataclass(frozen=True)
class Token:
    """A bearer token that was issued, and when it expires (seconds since the epoch)."""

    text: str
    expires: float


class Reference(msgspec.Struct, frozen=True):
    """An object that a token names: it is good as long as the object is there."""

    name: str
    uid: str


def reference(document: Document) -> Reference:
    """``document`` as a token names it."""
    return Reference(documents.name_of(document), documents.uid_of(document))


@dataclass(frozen=True)
class Wanted:
    """A token to issue for ``account`` of ``namespace``. Without ``seconds``, it does not expire.

    ``node`` beside ``pod`` is only said; alone, the token is good as long as the node is there.
    """

    namespace: str
    account: Reference
    seconds: int | None
    audiences: tuple[str, ...] = (AUDIENCE,)
    secret: Reference | None = None
    pod: Reference | None = None
    node: Reference | None = None


@dataclass(frozen=True)
class Reviewed:
    """Whose a token is, and which of the audiences that were asked for it is for."""

    actor: Actor
    audiences: tuple[str, ...]


class Identity(Protocol):
    """Knows callers and issues service account tokens."""

    def identify(self, peer: Peer, authorization: str) -> Actor:
        """Who calls. Raises ``Unauthorized`` for credentials that are no good."""

    def review(self, token: str, audiences: tuple[str, ...] = ()) -> Reviewed:
        """Whose ``token`` is, for any of ``audiences``, or else the API server.

        Raises ``Unauthorized``, which says why, when it is no good.
        """

    def issue(self, wanted: Wanted) -> Token:
        """A token of a service account."""

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

    def node_uid(self, name: str) -> str:
        """The uid of a node; empty when there is none."""


class StoredAccounts:
    """Service accounts, secrets, pods and nodes of ``service``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def uid(self, namespace: str, name: str) -> str:
        return self._uid(SERVICE_ACCOUNT, namespace, name)

    def secret_uid(self, namespace: str, name: str) -> str:
        return self._uid(SECRET, namespace, name)

    def pod_uid(self, namespace: str, name: str) -> str:
        return self._uid(POD, namespace, name)

    def node_uid(self, name: str) -> str:
        return self._uid(NODE, None, name)

    def _uid(self, kind: Kind, namespace: str | None, name: str) -> str:
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
        if peer.common_name:  # who shows a certificate is not asked for a token
            extra = _extra({"credential-id": f"X509SHA256={peer.digest}" if peer.digest else ""})
            return Actor(peer.common_name, (*peer.organizations, AUTHENTICATED), extra=extra)
        token = _bearer(authorization)
        if token:
            try:
                return self.review(token).actor
            except Unauthorized:
                raise Unauthorized("Unauthorized") from None
        return LOCAL_ADMIN if peer.unix else ANONYMOUS

    def review(self, token: str, audiences: tuple[str, ...] = ()) -> Reviewed:
        asked = audiences or (AUDIENCE,)
        for known, actor in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "surrogateescape")):
                found = replace(actor, groups=(*actor.groups, AUTHENTICATED))
                return Reviewed(found, tuple(one for one in asked if one == AUDIENCE))
        return self._verify(token, asked)

    def _verify(self, token: str, asked: tuple[str, ...]) -> Reviewed:
        claims = self._claims(token)
        fitting = tuple(one for one in claims.aud if one in asked)
        if not fitting:
            raise _bad(
                f"token audiences {_listed(claims.aud)} is invalid for the target audiences "
                f"{_listed(asked)}"
            )
        if claims.exp is not None and claims.exp < self._clock():
            raise _bad("service account token has expired")
        if self._accounts is not None:
            _check_bound(claims.bound, self._accounts)
        namespace, _, name = claims.sub.removeprefix(_ACCOUNT).partition(":")
        actor = service_account(namespace, name, claims.bound.serviceaccount.uid)
        return Reviewed(replace(actor, extra=_extra_of(claims)), fitting)

    def _claims(self, token: str) -> _Claims:
        """What a token that we signed says. Raises ``Unauthorized``."""
        signed, _, signature = token.rpartition(".")
        data = signature.encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(self._sign(signed).encode(), data):
            raise Unauthorized(_INVALID)
        try:
            return msgspec.json.decode(_unbase64(signed.partition(".")[2]), type=_Claims)
        except (msgspec.DecodeError, binascii.Error):
            raise Unauthorized(_INVALID) from None

    def issue(self, wanted: Wanted) -> Token:
        now = int(self._clock())
        expires = None if wanted.seconds is None else now + wanted.seconds
        bound = _Bound(
            wanted.namespace, wanted.account, wanted.secret, pod=wanted.pod, node=wanted.node
        )
        subject = f"{_ACCOUNT}{wanted.namespace}:{wanted.account.name}"
        number = "" if expires is None else str(uuid.uuid4())
        claims = _Claims(
            subject, bound, expires, now, now, AUDIENCE, aud=wanted.audiences, jti=number
        )
        head = _base64(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
        signed = f"{head}.{_base64(msgspec.json.encode(claims))}"
        return Token(f"{signed}.{self._sign(signed)}", expires or 0)

    def issue_for_secret(self, account: Document, secret: Document) -> str:
        namespace = documents.namespace_of(account)
        return self.issue(
            Wanted(namespace, reference(account), None, secret=reference(secret))
        ).text

    def issue_for_pod(self, account: Document, pod: Document) -> str:
        """A token of ``account`` for a year that is good as long as ``pod`` is there.

        So long do the tokens in pods of a cluster hold, too, whose API server extends them.
        """
        namespace = documents.namespace_of(account)
        return self.issue(
            Wanted(namespace, reference(account), _POD_SECONDS, pod=reference(pod))
        ).text

    def issue_upload(self, grant: Grant) -> str:
        return Tokens.of_instance(self._key.decode()).issue(grant, self._clock())

    def _sign(self, text: str) -> str:
        data = text.encode("utf-8", "surrogateescape")
        return _base64(hmac.new(self._key, data, hashlib.sha256).digest())


def _bearer(authorization: str) -> str:
    """The token in the header, empty when it has none: Go's reader takes the second word."""
    scheme, *rest = authorization.strip().split(" ", 2)
    return rest[0] if rest and scheme.lower() == "bearer" else ""


def _bad(why: str) -> Unauthorized:
    return Unauthorized(f"[{_INVALID}, {why}]")


def _listed(texts: Iterable[str]) -> str:
    return "[" + " ".join(f'"{text}"' for text in texts) + "]"


def _check_bound(bound: _Bound, accounts: Accounts) -> None:
    """Refuse a token whose account, secret, pod or node is gone. Raises ``Unauthorized``."""
    account, namespace = bound.serviceaccount, bound.namespace
    uid = accounts.uid(namespace, account.name)
    if not uid:
        raise _bad(f'serviceaccounts "{account.name}" not found')
    if uid != account.uid:
        raise _bad(f"service account UID ({uid}) does not match claim ({account.uid})")
    secret, pod, node = bound.secret, bound.pod, bound.node
    if secret is not None and accounts.secret_uid(namespace, secret.name) != secret.uid:
        raise _bad(_GONE)
    if pod is not None:
        if accounts.pod_uid(namespace, pod.name) != pod.uid:
            raise _bad(_GONE)
    elif node is not None and accounts.node_uid(node.name) != node.uid:
        raise _bad(_GONE)


def _extra_of(claims: _Claims) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is known of the caller beside his name (``user.Info.Extra`` upstream)."""
    pod, node = claims.bound.pod, claims.bound.node
    return _extra(
        {
            "credential-id": f"JTI={claims.jti}" if claims.jti else "",
            "node-name": node.name if node else "",
            "node-uid": node.uid if node else "",
            "pod-name": pod.name if pod else "",
            "pod-uid": pod.uid if pod else "",
        }
    )


def _extra(known: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((f"{_EXTRA}{key}", (value,)) for key, value in known.items() if value)


class _Bound(msgspec.Struct, omit_defaults=True):
    namespace: str
    serviceaccount: Reference
    secret: Reference | None = None
    pod: Reference | None = None
    node: Reference | None = None


class _Claims(msgspec.Struct, omit_defaults=True):
    sub: str
    bound: _Bound = msgspec.field(name="kubernetes.io")
    exp: int | None = None
    iat: int = 0
    nbf: int = 0
    iss: str = ""
    aud: tuple[str, ...] = ()
    jti: str = ""


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
