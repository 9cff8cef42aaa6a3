"""Rules of roles and their bindings, worded as upstream."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.local.api.rules.names import subdomain_problems
from virtctl.models import kinds
from virtctl.models.documents import Document, JsonValue, child, find, items, objects, text
from virtctl.models.kinds import Kind
from virtctl.wire.labelselectors import read_selector

KINDS = frozenset({kinds.ROLE, kinds.CLUSTER_ROLE, kinds.ROLE_BINDING, kinds.CLUSTER_ROLE_BINDING})
"""The kinds that these rules are for; they say themselves what must be there."""

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def role_causes(kind: Kind, document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with a role or binding, and how it must not be changed."""
    if kind in {kinds.ROLE, kinds.CLUSTER_ROLE}:
        for position, rule in enumerate(objects(document, "rules")):
            yield from _rule_causes(rule, kind, f"rules[{position}]")
        if kind == kinds.CLUSTER_ROLE:
            yield from _aggregation_causes(document)
        return
    yield from _reference_causes(child(document, "roleRef"), kind)
    for position, subject in enumerate(objects(document, "subjects")):
        yield from _subject_causes(subject, kind, f"subjects[{position}]")
    if old is not None and child(old, "roleRef") != child(document, "roleRef"):
        reference = child(document, "roleRef")
        shown: Document = {
            "APIGroup": text(reference, "apiGroup"),
            "Kind": text(reference, "kind"),
            "Name": text(reference, "name"),
        }
        yield _wrong("roleRef", shown, "cannot change roleRef")


def _rule_causes(rule: Document, kind: Kind, path: str) -> Iterator[Cause]:
    if not items(rule, "verbs"):
        problem = "verbs must contain at least one value"
        yield required(f"{path}.verbs", f"Required value: {problem}")
    paths = items(rule, "nonResourceURLs")
    if paths:
        where = f"{path}.nonResourceURLs"
        if kind.namespaced:
            yield _wrong(where, paths, "namespaced rules cannot apply to non-resource URLs")
        if any(items(rule, name) for name in ("apiGroups", "resources", "resourceNames")):
            problem = "rules cannot apply to both regular resources and non-resource URLs"
            yield _wrong(where, paths, problem)
        return
    for name, what in (("apiGroups", "api group"), ("resources", "resource")):
        if not items(rule, name):
            problem = f"resource rules must supply at least one {what}"
            yield required(f"{path}.{name}", f"Required value: {problem}")


def _aggregation_causes(document: Document) -> Iterator[Cause]:
    aggregation = find(document, "aggregationRule")
    if not isinstance(aggregation, dict):
        return
    path = "aggregationRule.clusterRoleSelectors"
    selectors = list(objects(aggregation, "clusterRoleSelectors"))
    if not selectors:
        problem = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        yield required(path, f"Required value: {problem}")
    for position, selector in enumerate(selectors):
        yield from _selector_causes(selector, f"{path}[{position}]")


def _selector_causes(selector: Document, path: str) -> Iterator[Cause]:
    for index, condition in enumerate(objects(selector, "matchExpressions")):
        operator = text(condition, "operator")
        if operator not in {"In", "NotIn", "Exists", "DoesNotExist"}:
            where = f"{path}.matchExpressions[{index}].operator"
            yield _wrong(where, operator, "not a valid selector operator")
    try:
        read_selector(selector)
    except InvalidField:
        yield _wrong(path, None, "invalid label selector.")


def _reference_causes(reference: Document, kind: Kind) -> Iterator[Cause]:
    known = ("Role", "ClusterRole") if kind.namespaced else ("ClusterRole",)
    group = text(reference, "apiGroup", default=_GROUP)
    for name, given, choices in (
        ("apiGroup", group, (_GROUP,)),
        ("kind", text(reference, "kind"), known),
    ):
        if given not in choices:
            yield _unknown(f"roleRef.{name}", given, choices)
    given = text(reference, "name")
    if not given:
        yield required("roleRef.name", "Required value")
    for problem in _segment_problems(given):
        yield _wrong("roleRef.name", given, problem)


def _segment_problems(name: str) -> Iterator[str]:
    """Why ``name`` cannot be a part of a path."""
    if name in {".", ".."}:
        yield f"may not be '{name}'"
    for character in ("/", "%"):
        if character in name:
            yield f"may not contain '{character}'"


def _subject_causes(subject: Document, kind: Kind, path: str) -> Iterator[Cause]:
    name, group = text(subject, "name"), text(subject, "apiGroup")
    if not name:
        yield required(f"{path}.name", "Required value")
    match text(subject, "kind"):
        case "ServiceAccount":
            for problem in subdomain_problems(name) if name else ():
                yield _wrong(f"{path}.name", name, problem)
            if group:
                yield _unknown(f"{path}.apiGroup", group, ("",))
            if not kind.namespaced and not text(subject, "namespace"):
                yield required(f"{path}.namespace", "Required value")
        case "User" | "Group":
            if group != _GROUP:
                yield _unknown(f"{path}.apiGroup", group, (_GROUP,))
        case other:
            yield _unknown(f"{path}.kind", other, _SUBJECTS)


def _unknown(field: str, value: str, known: tuple[str, ...]) -> Cause:
    choices = ", ".join(f'"{choice}"' for choice in known)
    return not_supported(field, f'Unsupported value: "{value}": supported values: {choices}')


def _wrong(field: str, value: JsonValue, problem: str) -> Cause:
    return invalid(field, f"Invalid value: {msgspec.json.encode(value).decode()}: {problem}")
