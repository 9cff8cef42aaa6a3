"""Access and identity reviews: resources that are only created, and never stored."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from virtctl.errors import BadRequest, MethodNotAllowed, NotFound, StatusDetails, Unauthorized
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked, Rule
from virtctl.local.api.rules.reviews import access_causes
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.http import bodies, replies
from virtctl.local.http.identity import Identity
from virtctl.local.http.requests import Call
from virtctl.local.http.reviewbodies import read_review
from virtctl.local.imports.tokens import Grant
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import PVC
from virtctl.wire import status

_ACCESS = frozenset({"SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview"})
_UPLOAD = "UploadTokenRequest"


@dataclass(frozen=True)
class Reviews:
    """Answers from what ``identity`` and ``authorizer`` know."""

    identity: Identity
    service: ApiService
    authorizer: Authorizer

    async def handle(self, call: Call) -> Response:
        """The answer to a POST of a review. Raises ``ApiError``."""
        kind = call.kind
        if call.path.name or kind.namespaced != (call.namespace is not None):
            raise NotFound(
                "the server could not find the requested resource", StatusDetails(is_shown=True)
            )
        if call.request.method != "POST":
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        document = await (_read_upload(call) if kind.name == _UPLOAD else read_review(call))
        if kind.name in _ACCESS:
            causes = tuple(access_causes(kind.name, document))
            if causes:  # which kind that is, upstream does not say
                raise status.invalid(kind._replace(name=""), "", causes)
        document["status"] = self._status(call, document)
        response = replies.document_reply(document, 201, call.shown)
        return replies.add_warnings(response, call.warnings)

    def _status(self, call: Call, document: Document) -> Document:
        match call.kind.name:
            case "SelfSubjectReview":
                document["metadata"] = {}
                return {"userInfo": call.actor.document()}
            case "TokenReview":
                return self._token(document)
            case "SelfSubjectRulesReview":
                namespace = documents.text(document, "spec", "namespace")
                if not namespace:
                    raise BadRequest("no namespace on request")
                document.update(metadata={}, spec={})  # nothing of what was asked is said again
                return _rules(self.authorizer.rules(call.actor, namespace))
            case "SelfSubjectAccessReview":
                return self._access(call.actor, document)
            case "UploadTokenRequest":
                return self._upload(call.namespace or "", document)
            case _:
                return self._access(_reviewed(document), document)

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

    def _token(self, document: Document) -> Document:
        token = documents.text(document, "spec", "token")
        if not token:
            raise BadRequest("token is required for TokenReview in authentication")
        audiences = tuple(str(one) for one in documents.items(document, "spec", "audiences"))
        try:
            found = self.identity.review(token, audiences)
        except Unauthorized as error:
            return {"user": {}, "error": error.message}
        user = found.actor.document()
        return {"authenticated": True, "user": user, "audiences": [*found.audiences]}


async def _read_upload(call: Call) -> Document:
    raw = await bodies.read(call.request)
    given = bodies.decode_options(raw, bodies.media_type(call.request))
    document = {"apiVersion": call.kind.api_version, "kind": call.kind.name, **given}
    document.setdefault("metadata", {})
    return document


def _reviewed(document: Document) -> Actor:
    """Whom a review is about."""
    return Actor(
        documents.text(document, "spec", "user"),
        tuple(str(group) for group in documents.items(document, "spec", "groups")),
    )


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
