"""Tokens of service accounts: ``POST serviceaccounts/NAME/token`` (the TokenRequest API)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from starlette.responses import Response

from virtctl.errors import BadRequest, Cause, Conflict, MethodNotAllowed, StatusDetails
from virtctl.local.api.objects import timestamp
from virtctl.local.api.rules.causes import invalid
from virtctl.local.api.rules.reviews import token_causes
from virtctl.local.api.service import ApiService
from virtctl.local.http import replies
from virtctl.local.http.identity import (
    AUDIENCE,
    DEFAULT_SECONDS,
    Identity,
    Reference,
    Wanted,
    reference,
)
from virtctl.local.http.requests import Call
from virtctl.local.http.reviewbodies import read_review
from virtctl.models import documents
from virtctl.models.documents import Document, find, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import NODE, POD, SECRET, SERVICE_ACCOUNT, TOKEN_REQUEST
from virtctl.wire import status


@dataclass(frozen=True)
class TokenRequests:
    """Issues tokens of the accounts of ``service``."""

    identity: Identity
    service: ApiService

    async def handle(self, call: Call) -> Response:
        """The answer to a request for a token. Raises ``ApiError``."""
        if call.request.method != "POST":
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        document = await read_review(replace(call, kind=TOKEN_REQUEST))
        _check_names(call, document)
        account = self.service.get(SERVICE_ACCOUNT, call.namespace or "", call.path.name)
        _check_uid(account, document)
        spec = documents.ensure(document, "spec")
        spec["audiences"] = documents.items(spec, "audiences") or [AUDIENCE]
        spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        causes = tuple(token_causes(document))
        if causes:
            raise status.invalid(TOKEN_REQUEST, "", causes)
        bound = self._bound(account, spec)
        spec.setdefault("boundObjectRef", None)
        seconds = documents.integer(spec, "expirationSeconds")
        token = self.identity.issue(
            Wanted(
                namespace_of(account),
                reference(account),
                seconds,
                tuple(str(one) for one in documents.items(spec, "audiences")),
                secret=bound.secret,
                pod=bound.pod,
                node=bound.node,
            )
        )
        now = datetime.fromtimestamp(token.expires - seconds, UTC)
        document["metadata"] = {
            **documents.child(document, "metadata"),
            "name": name_of(account),
            "namespace": namespace_of(account),
            "uid": uid_of(account),
            "creationTimestamp": timestamp(now),
        }
        expires = datetime.fromtimestamp(token.expires, UTC)
        document["status"] = {"token": token.text, "expirationTimestamp": timestamp(expires)}
        response = replies.document_reply(document, 201, call.shown)
        return replies.add_warnings(response, call.warnings)

    def _bound(self, account: Document, spec: Document) -> _Bound:
        """What the token shall depend on. Raises ``NotFound``, ``BadRequest``, ``Conflict``."""
        named = find(spec, "boundObjectRef")
        if not isinstance(named, dict):
            return _Bound()
        name, kind = text(named, "name"), text(named, "kind")
        group, slash, version = text(named, "apiVersion").rpartition("/")
        namespace = namespace_of(account)
        found = _Bound()
        if slash or kind not in {"Pod", "Secret", "Node"}:
            raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        if kind == "Pod":
            holder = self.service.get(POD, namespace, name)
            if text(holder, "spec", "serviceAccountName") != name_of(account):
                raise BadRequest(
                    f'cannot bind token for serviceaccount "{name_of(account)}" to pod running '
                    "with different serviceaccount name."
                )
            found = _Bound(pod=reference(holder), node=self._node_of(holder))
        elif kind == "Secret":
            holder = self.service.get(SECRET, namespace, name)
            found = _Bound(secret=reference(holder))
        else:
            holder = self.service.get(NODE, None, name)
            found = _Bound(node=reference(holder))
        _check_holder(named, holder)
        return found

    def _node_of(self, pod: Document) -> Reference | None:
        name = text(pod, "spec", "nodeName")
        if not name:
            return None
        node = self.service.find(NODE, None, name)
        return reference(node) if node is not None else Reference(name, "")


@dataclass(frozen=True)
class _Bound:
    secret: Reference | None = field(default=None)
    pod: Reference | None = field(default=None)
    node: Reference | None = field(default=None)


def _check_names(call: Call, document: Document) -> None:
    given = text(document, "metadata", "name")
    if given not in {"", call.path.name}:
        problem = "must match the service account name if specified"
        cause: Cause = invalid("metadata.name", f'Invalid value: "{given}": {problem}')
        raise status.invalid(TOKEN_REQUEST, call.path.name, (cause,))


def _check_uid(account: Document, document: Document) -> None:
    given, known = uid_of(document), uid_of(account)
    if given not in {"", known}:
        raise _conflict(
            "TokenRequest.authentication.k8s.io",
            name_of(account),
            f"the UID in the token request ({given}) does not match the UID of the service "
            f"account ({known})",
        )


def _check_holder(named: Document, holder: Document) -> None:
    given, known = text(named, "uid"), uid_of(holder)
    if given not in {"", known}:
        raise _conflict(
            text(named, "kind"),
            name_of(holder),
            f"the UID in the bound object reference ({given}) does not match the UID in record. "
            "The object might have been deleted and then recreated",
        )


def _conflict(resource: str, name: str, why: str) -> Conflict:
    kind, _, group = resource.partition(".")
    return Conflict(
        f'Operation cannot be fulfilled on {resource} "{name}": {why}',
        StatusDetails(name=name, group=group, kind=kind),
    )
