"""Access and identity reviews, and service account tokens: resources that are never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from virtctl.errors import Cause, MethodNotAllowed
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked, Rule
from virtctl.local.api.objects import timestamp
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.http import bodies, replies
from virtctl.local.http.identity import AUDIENCE, DEFAULT_SECONDS, Identity
from virtctl.local.http.requests import Call
from virtctl.local.imports.tokens import Grant
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import PVC, SERVICE_ACCOUNT, Kind
from virtctl.wire import status

_ACCESS = frozenset({"SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview"})
_LEAST_SECONDS = 600
TOKEN_REQUEST = Kind("authentication.k8s.io", "v1", "TokenRequest", "tokenrequests")


@dataclass(frozen=True)
class Reviews:
    """Answers from what ``identity`` and ``authorizer`` know."""

    identity: Identity
    service: ApiService
    authorizer: Authorizer

    async def handle(self, call: Call) -> Response:
        """The answer to a POST of a review. Raises ``ApiError``."""
        if call.request.method != "POST" or call.path.name:
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        raw = await bodies.read(call.request)
        given = bodies.decode_options(raw, bodies.media_type(call.request))
        if call.kind.name in _ACCESS:
            _check_attributes(call.kind, given)
        document = {"apiVersion": call.kind.api_version, "kind": call.kind.name, **given}
        document["status"] = self._status(call, document)
        document.setdefault("metadata", {})
        return replies.document_reply(document, 201, call.shown)

    def _status(self, call: Call, document: Document) -> Document:
        match call.kind.name:
            case "SelfSubjectReview":
                return {"userInfo": _user(call.actor)}
            case "TokenReview":
                return self._token(documents.text(document, "spec", "token"))
            case "SelfSubjectRulesReview":
                namespace = documents.text(document, "spec", "namespace")
                return _rules(self.authorizer.rules(call.actor, namespace))
            case "SelfSubjectAccessReview":
                return self._access(call.actor, document)
            case "UploadTokenRequest":
                return self._upload(call.namespace or "", document)
            case _:
                groups = documents.items(document, "spec", "groups")
                actor = Actor(
                    documents.text(document, "spec", "user"),
                    tuple(str(group) for group in groups),
                )
                return self._access(actor, document)

    def _access(self, actor: Actor, document: Document) -> Document:
        verdict = self.authorizer.judge(actor, _asked(document))
        found: Document = {"allowed": verdict.allowed}
        if verdict.reason:
            found["reason"] = verdict.reason
        return found

    def _upload(self, namespace: str, document: Document) -> Document:
        """A token for the claim that the request names; without such a claim it is of no use."""
        name = documents.text(document, "spec", "pvcName")
        claim = self.service.find(PVC, namespace, name) or {}
        grant = Grant(namespace=namespace, name=name, uid=documents.uid_of(claim))
        return {"token": self.identity.issue_upload(grant)}

    def _token(self, token: str) -> Document:
        actor = self.identity.review(token)
        if actor is None:
            return {"authenticated": False, "user": {}}
        return {"authenticated": True, "user": _user(actor)}

    async def issue(self, call: Call) -> Response:
        """The answer to ``POST serviceaccounts/NAME/token``. Raises ``ApiError``."""
        raw = await bodies.read(call.request)
        document = bodies.decode_object(raw, bodies.media_type(call.request), "TokenRequest")
        namespace, name = call.namespace or "", call.path.name
        account = self.service.get(SERVICE_ACCOUNT, namespace, name)
        seconds = documents.find(document, "spec", "expirationSeconds")
        seconds = seconds if isinstance(seconds, int) else DEFAULT_SECONDS
        if seconds < _LEAST_SECONDS:
            problem = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            cause = Cause("FieldValueInvalid", problem, "spec.expirationSeconds")
            raise status.invalid(TOKEN_REQUEST, name, (cause,))
        token = self.identity.issue(namespace, name, documents.uid_of(account), seconds)
        expires = datetime.fromtimestamp(token.expires, UTC)
        spec = documents.ensure(document, "spec")
        spec["expirationSeconds"] = seconds
        spec.setdefault("audiences", [AUDIENCE])
        document["metadata"] = {"name": name, "namespace": namespace}
        document["status"] = {"token": token.text, "expirationTimestamp": timestamp(expires)}
        return replies.document_reply(document, 201, call.shown)


def _user(actor: Actor) -> Document:
    found: Document = {"username": actor.name, "groups": [*actor.groups]}
    if actor.uid:
        found["uid"] = actor.uid
    return found


def _check_attributes(kind: Kind, document: Document) -> None:
    """Refuse a review of nothing, or of two things. Raises ``Invalid``."""
    spec = documents.child(document, "spec")
    if bool(spec.get("resourceAttributes")) != bool(spec.get("nonResourceAttributes")):
        return
    problem = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    cause = Cause("FieldValueInvalid", f"Invalid value: null: {problem}", "spec.resourceAttributes")
    named = kind if document.get("kind") else kind._replace(name="")
    raise status.invalid(named, "", (cause,))


def _asked(document: Document) -> Asked:
    plain = documents.child(document, "spec", "nonResourceAttributes")
    if plain:
        return Asked(documents.text(plain, "verb"), path=documents.text(plain, "path"))
    found = documents.child(document, "spec", "resourceAttributes")
    return Asked(
        verb=documents.text(found, "verb"),
        group=documents.text(found, "group"),
        resource=documents.text(found, "resource"),
        subresource=documents.text(found, "subresource"),
        name=documents.text(found, "name"),
        namespace=documents.text(found, "namespace"),
    )


def _rules(rules: list[Rule]) -> Document:
    return {
        "resourceRules": [rule.document() for rule in rules if not rule.paths],
        "nonResourceRules": [rule.document() for rule in rules if rule.paths],
        "incomplete": False,
    }
