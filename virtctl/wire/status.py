"""``metav1.Status``: errors to documents on the server, documents to errors on the client."""

from __future__ import annotations

from virtctl import errors
from virtctl.errors import ApiError, Cause, StatusDetails
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind

_BY_REASON: dict[str, type[ApiError]] = {
    "BadRequest": errors.BadRequest,
    "Unauthorized": errors.Unauthorized,
    "Forbidden": errors.Forbidden,
    "NotFound": errors.NotFound,
    "MethodNotAllowed": errors.MethodNotAllowed,
    "NotAcceptable": errors.NotAcceptable,
    "AlreadyExists": errors.AlreadyExists,
    "Conflict": errors.Conflict,
    "Expired": errors.Gone,
    "Gone": errors.Gone,
    "UnsupportedMediaType": errors.UnsupportedMediaType,
    "Invalid": errors.Invalid,
    "TooManyRequests": errors.TooManyRequests,
    "InternalError": errors.InternalError,
    "ServiceUnavailable": errors.ServiceUnavailable,
}
_BY_CODE: dict[int, type[ApiError]] = {
    kind.code: kind for kind in _BY_REASON.values() if kind is not errors.AlreadyExists
}


def build_status(error: ApiError) -> Document:
    """The ``Status`` document that a client gets for ``error``."""
    document: Document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "details": _build_details(error.details),
        "code": error.code,
    }
    if not error.reason:
        del document["reason"]
    shown = error.details.is_shown or isinstance(error, errors.MethodNotAllowed)
    if not document["details"] and not shown:
        del document["details"]
    return document


def _build_details(details: StatusDetails) -> Document:
    found: Document = {
        key: value
        for key, value in (
            ("name", details.name),
            ("group", details.group),
            ("kind", details.kind),
            ("uid", details.uid),
            ("retryAfterSeconds", details.retry_after_seconds),
        )
        if value
    }
    if details.causes:
        found["causes"] = [_build_cause(cause) for cause in details.causes]
    return found


def _build_cause(cause: Cause) -> Document:
    document: Document = {"reason": cause.reason, "message": cause.message, "field": cause.field}
    return {key: value for key, value in document.items() if value}


def success(kind: Kind, name: str, uid: str) -> Document:
    """The ``Status`` that a completed delete answers with."""
    details: Document = {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def parse_status(document: Document, code: int = 0) -> ApiError:
    """The error that a ``Status`` of failure stands for; ``code`` is the HTTP code received."""
    code = documents.integer(document, "code") or code or 500
    reason = documents.text(document, "reason")
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code) or ApiError
    message = documents.text(document, "message") or reason or f"the server answered {code}"
    details = _parse_details(documents.child(document, "details"))
    return kind(message, details, code=code, reason=reason)


def _parse_details(found: Document) -> StatusDetails:
    return StatusDetails(
        name=documents.text(found, "name"),
        group=documents.text(found, "group"),
        kind=documents.text(found, "kind"),
        uid=documents.text(found, "uid"),
        causes=tuple(_parse_cause(cause) for cause in documents.objects(found, "causes")),
        retry_after_seconds=documents.integer(found, "retryAfterSeconds"),
    )


def _parse_cause(found: Document) -> Cause:
    return Cause(
        documents.text(found, "reason"),
        documents.text(found, "message"),
        documents.text(found, "field"),
    )


def details_of(kind: Kind, name: str, causes: tuple[Cause, ...] = ()) -> StatusDetails:
    """Details that name one object by its resource."""
    return StatusDetails(name=name, group=kind.group, kind=kind.plural, causes=causes)


def not_found(kind: Kind, name: str) -> errors.NotFound:
    """There is no object ``name``."""
    return errors.NotFound(f'{kind.resource} "{name}" not found', details_of(kind, name))


def already_exists(kind: Kind, name: str) -> errors.AlreadyExists:
    """There is an object ``name`` already."""
    return errors.AlreadyExists(f'{kind.resource} "{name}" already exists', details_of(kind, name))


def conflict(kind: Kind, name: str, problem: str) -> errors.Conflict:
    """The object ``name`` is not in the state that the request needs."""
    return errors.Conflict(
        f'Operation cannot be fulfilled on {kind.resource} "{name}": {problem}',
        details_of(kind, name),
    )


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def invalid(kind: Kind, name: str, causes: tuple[Cause, ...]) -> errors.Invalid:
    """The object breaks rules; each cause's message is its problem, without the field.

    The message says the same only once, though the causes may.
    """
    group_kind = f"{kind.name}.{kind.group}" if kind.group else kind.name
    parts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    problem = parts[0] if len(parts) == 1 else "[" + ", ".join(parts) + "]"
    details = StatusDetails(name=name, group=kind.group, kind=kind.name, causes=causes)
    return errors.Invalid(f'{group_kind} "{name}" is invalid: {problem}', details)


def is_status(value: JsonValue) -> bool:
    """Whether ``value`` is a ``Status`` document."""
    return isinstance(value, dict) and value.get("kind") == "Status"


def not_reached(revision: int, current: int) -> ApiError:
    """The refusal to read at a revision that is yet to come; clients list anew then."""
    problem = "Too large resource version"
    cause = Cause("ResourceVersionTooLarge", problem, "")
    details = StatusDetails(causes=(cause,), retry_after_seconds=1)
    return ApiError(
        f"{problem}: {revision}, current: {current}", details, code=504, reason="Timeout"
    )
