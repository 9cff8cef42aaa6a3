"""From requests to typed calls: who calls what, and the options in the query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from starlette.requests import Request

from virtctl.errors import BadRequest, Cause, Invalid
from virtctl.local.api import objects
from virtctl.local.api.catalog import is_builtin
from virtctl.local.api.service import Actor, DeleteOptions, ListOptions, WriteOptions
from virtctl.local.http import bodies, negotiation
from virtctl.local.http.negotiation import Representation
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import Kind
from virtctl.wire import status
from virtctl.wire.patches import PatchType
from virtctl.wire.paths import ResourcePath

_FALSE = {"false", "0"}
_VALIDATIONS = {"", "Ignore", "Warn", "Strict"}
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions"}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_INT64 = 1 << 63
_DIGITS = 40  # more make no number that fits, however many of them are noughts
_MANAGER = 128  # bytes of a field manager's name at most


@dataclass(frozen=True)
class Call:
    """One request to a resource. ``kind`` is the stored one, ``path.version`` the asked one."""

    request: Request
    path: ResourcePath
    kind: Kind
    actor: Actor
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def shown(self) -> Representation:
        """How the answer shall look. Raises ``NotAcceptable``."""
        accept = self.request.headers.get("accept", "")
        return negotiation.negotiate(
            accept.replace("application/*", "*/*") if not is_builtin(self.kind) else accept,
            pretty=self.flag("pretty"),
            listed=self._is_list(),
        )

    def _is_list(self) -> bool | None:
        """Whether a list is asked for; None of what changes, and of what is done with many."""
        method = self.request.method
        if self.path.name or method == "POST":
            return False
        return True if method == "GET" and not self.is_watch else None

    @property
    def is_watch(self) -> bool:
        """Whether changes are asked for; of one object, ``watch=true`` has no meaning."""
        return self.path.watch or (not self.path.name and self.flag("watch"))

    @property
    def namespace(self) -> str | None:
        """The namespace in the path; None for all, or for cluster scope."""
        return self.path.namespace

    def query(self, name: str) -> str:
        """A query parameter; empty when absent."""
        return self.request.query_params.get(name, "")

    def flag(self, name: str) -> bool:
        """A boolean query parameter: whatever is given and is not false, as upstream."""
        value = self.request.query_params.get(name)
        return value is not None and value.lower() not in _FALSE

    def number(self, name: str) -> int | None:
        """An integer query parameter, which may be left out. Raises ``BadRequest``."""
        text = self.request.query_params.get(name)
        if text is None:
            return None
        if not _INTEGER.fullmatch(text):
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        if len(text) > _DIGITS or not -_INT64 <= int(text) < _INT64:
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range')
        return int(text)

    @property
    def manager(self) -> str:
        """The field manager: as given, else the first word of the user agent."""
        agent = self.request.headers.get("user-agent", "")
        return self.query("fieldManager") or agent.partition("/")[0][:128]

    def write_options(self, body: bytes = b"") -> WriteOptions:
        """Options of POST, PUT and PATCH of ``body``. Raises ``BadRequest`` and ``Invalid``."""
        kind = _OPTIONS.get(self.request.method, "PatchOptions")
        applies = bodies.media_type(self.request) == PatchType.APPLY.value
        if causes := [*_writing_problems(self.request, kind, applies=applies)]:
            raise invalid_options(kind, tuple(causes))
        validation = self.query("fieldValidation") or "Warn"
        return WriteOptions(
            actor=self.actor,
            dry_run=_dry_run(kind, self.request.query_params.getlist("dryRun")),
            field_manager=self.manager,
            field_validation=validation,
            force=self.flag("force"),
            duplicates=() if validation == "Ignore" else tuple(bodies.duplicates(body)),
            warnings=self.warnings,
        )

    def list_options(self) -> ListOptions:
        """Options of lists. Raises ``BadRequest`` and ``Invalid``."""
        check_reading(self.request.query_params, watch=False)
        self.number("timeoutSeconds")  # a list takes no time, but what is no number is refused
        return ListOptions(
            labels=self.query("labelSelector"),
            fields=self.query("fieldSelector"),
            limit=max(self.number("limit") or 0, 0),
            continue_token=self.query("continue"),
            resource_version=self.query("resourceVersion"),
            match=self.query("resourceVersionMatch"),
        )

    def delete_options(self, body: Document) -> DeleteOptions:
        """Options of DELETE: those of the body, else those of the query. Raises ``BadRequest``."""
        _check_options(body)
        grace = self.number("gracePeriodSeconds")
        if isinstance(body.get("gracePeriodSeconds"), int):
            grace = documents.integer(body, "gracePeriodSeconds")
        propagation = documents.text(body, "propagationPolicy") or self.query("propagationPolicy")
        orphan: JsonValue = body.get("orphanDependents")
        if orphan is None and "orphanDependents" in self.request.query_params:
            orphan = self.flag("orphanDependents")
        propagation = _propagation(propagation, orphan)
        dry = [str(item) for item in documents.items(body, "dryRun")]
        return DeleteOptions(
            actor=self.actor,
            dry_run=_dry_run("DeleteOptions", [*dry, *self.request.query_params.getlist("dryRun")]),
            propagation=propagation,
            grace_period_seconds=grace,
            precondition_uid=documents.text(body, "preconditions", "uid"),
            precondition_resource_version=documents.text(body, "preconditions", "resourceVersion"),
        )


# What DeleteOptions has, and of which type.
_DELETION: dict[str, type] = {
    "gracePeriodSeconds": int, "orphanDependents": bool, "preconditions": dict,
    "propagationPolicy": str,
}  # fmt: skip


def _check_options(body: Document) -> None:
    """Refuse what are no DeleteOptions. Raises ``BadRequest``."""
    name, version = body.get("kind"), body.get("apiVersion")
    if name not in (None, "", "DeleteOptions"):  # it may be a list
        raise BadRequest(
            f'{name} in version "{version}" cannot be handled as a DeleteOptions: converting '
            f"({version}.{name}) to (v1.DeleteOptions): unknown conversion"
        )
    for field_name, wanted in _DELETION.items():
        value = body.get(field_name)
        if value is not None and not isinstance(value, wanted):
            raise BadRequest(
                'DeleteOptions in version "v1" cannot be handled as a DeleteOptions: json: cannot '
                f"unmarshal {objects.go_word(value)} into Go struct field "
                f"DeleteOptions.{field_name}"
            )


def _writing_problems(request: Request, kind: str, *, applies: bool) -> Iterator[Cause]:
    """What is wrong with the query of a POST, PUT or PATCH, but for its dry run."""
    query = request.query_params
    manager, validation = query.get("fieldManager", ""), query.get("fieldValidation", "")
    if kind == "PatchOptions" and applies and not manager:
        problem = "Required value: is required for apply patch"
        yield Cause("FieldValueRequired", problem, "fieldManager")
    if kind == "PatchOptions" and not applies and "force" in query:
        yield _forbidden("force", "may not be specified for non-apply patch")
    if len(manager.encode()) > _MANAGER:
        problem = f"Too long: may not be more than {_MANAGER} bytes"
        yield Cause("FieldValueTooLong", problem, "fieldManager")
    elif not manager.isprintable():
        problem = f'Invalid value: "{manager}": should only contain printable characters'
        yield Cause("FieldValueInvalid", problem, "fieldManager")
    if validation not in _VALIDATIONS:
        shown = ", ".join(f'"{name}"' for name in sorted(_VALIDATIONS))
        problem = f'Unsupported value: "{validation}": supported values: {shown}'
        yield Cause("FieldValueNotSupported", problem, "fieldValidation")


def _propagation(given: str, orphan: JsonValue) -> str:
    """``propagationPolicy``, or what the older ``orphanDependents`` stands for."""
    if orphan is not None and given:
        problem = "orphanDependents and deletionPropagation cannot be both set"
        raise _invalid_options("FieldValueInvalid", f'Invalid value: "{given}": {problem}')
    if given not in {"", "Background", "Foreground", "Orphan"}:
        raise _invalid_options(
            "FieldValueNotSupported",
            f'Unsupported value: "{given}": supported values: '
            '"Foreground", "Background", "Orphan", "nil"',
        )
    if orphan is None:
        return given
    return "Orphan" if orphan else "Background"


def _invalid_options(reason: str, message: str) -> Invalid:
    cause = Cause(reason, message, "propagationPolicy")
    return invalid_options("DeleteOptions", (cause,))


def invalid_options(kind: str, causes: tuple[Cause, ...]) -> Invalid:
    """Options in a query or body that break rules."""
    return status.invalid(Kind("meta.k8s.io", "v1", kind, kind.lower()), "", causes)


def _dry_run(kind: str, values: list[str]) -> bool:
    if any(value != "All" for value in values):
        shown = ",".join(f'"{value}"' for value in values)
        problem = f'Unsupported value: [{shown}]: supported values: "All"'
        raise invalid_options(kind, (Cause("FieldValueNotSupported", problem, "dryRun"),))
    return bool(values)


def check_reading(query: Mapping[str, str], *, watch: bool) -> None:
    """Refuse combinations of list and watch parameters. Raises ``Invalid``.

    Rules: the API concepts of Kubernetes, "resource versions" and "streaming lists".
    """
    causes = _watch_problems(query) if watch else _list_problems(query)
    if causes:
        raise invalid_options("ListOptions", tuple(causes))


_MATCH = "resourceVersionMatch"
_INITIAL = "sendInitialEvents"


def _forbidden(field_name: str, problem: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {problem}", field_name)


def _watch_problems(query: Mapping[str, str]) -> list[Cause]:
    match, causes = query.get(_MATCH, ""), []
    if _INITIAL in query and match != "NotOlderThan":
        problem = f"{_INITIAL} requires setting {_MATCH} to NotOlderThan"
        causes.append(_forbidden(_MATCH, problem))
    if match and _INITIAL not in query:
        problem = f"{_MATCH} is forbidden for watch unless {_INITIAL} is provided"
        causes.append(_forbidden(_MATCH, problem))
    if match not in {"", "NotOlderThan"}:
        problem = f'Unsupported value: "{match}": supported values: "NotOlderThan"'
        causes.append(Cause("FieldValueNotSupported", problem, _MATCH))
    if match and query.get("continue"):
        causes.append(_forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    return causes


def _list_problems(query: Mapping[str, str]) -> list[Cause]:
    match, revision = query.get(_MATCH, ""), query.get("resourceVersion", "")
    causes = []
    if match:
        if not revision:
            problem = f"{_MATCH} is forbidden unless resourceVersion is provided"
            causes.append(_forbidden(_MATCH, problem))
        if query.get("continue"):
            causes.append(_forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
        if match not in {"Exact", "NotOlderThan"}:
            problem = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
            causes.append(Cause("FieldValueNotSupported", problem, _MATCH))
        if match == "Exact" and revision == "0":
            problem = f'{_MATCH} "exact" is forbidden for resourceVersion "0"'
            causes.append(_forbidden(_MATCH, problem))
    if query.get(_INITIAL):
        causes.append(_forbidden(_INITIAL, f"{_INITIAL} is forbidden for list"))
    return causes
