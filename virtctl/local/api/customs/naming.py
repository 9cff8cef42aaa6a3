"""Names in definitions: of kinds, groups and versions, in the words of apiextensions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.customs.causes import invalid, required
from virtctl.models import documents
from virtctl.models.documents import Document

_LONGEST = 63  # of a label
_LONGEST_DOMAIN = 253
_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_PROBLEM = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_DOMAIN_PROBLEM = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    r"for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_APPROVED = "api-approved.kubernetes.io"
_PROTECTED = ("k8s.io", "kubernetes.io")
_APPROVAL = "see https://github.com/kubernetes/enhancements/pull/1111"


def label_problem(value: str) -> str:
    """Why ``value`` is no DNS-1035 label; empty when it is one."""
    problems = [f"must be no more than {_LONGEST} characters"] if len(value) > _LONGEST else []
    if not _LABEL.fullmatch(value):
        problems.append(_LABEL_PROBLEM)
    return ",".join(problems)


def name_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with the name of a definition, its kind's names and its group."""
    spec = documents.child(document, "spec")
    names, group = documents.child(spec, "names"), documents.text(spec, "group")
    wanted, name = f"{documents.text(names, 'plural')}.{group}", documents.name_of(document)
    if old is None and name not in {"", wanted}:
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    yield from _group_causes(document, group)
    for key in ("plural", "singular", "kind", "listKind"):
        yield from _word_causes(key, documents.text(names, key))
    for key in ("shortNames", "categories"):
        for position, value in enumerate(documents.items(names, key)):
            problem = label_problem(str(value))
            if problem:
                yield invalid(f"spec.names.{key}[{position}]", value, problem)
    kind = documents.text(names, "kind")
    if kind and kind == documents.text(names, "listKind"):
        yield invalid("spec.names.listKind", kind, "kind and listKind may not be the same")


def _word_causes(key: str, value: str) -> Iterator[Cause]:
    path = f"spec.names.{key}"
    if not value:
        yield required(path)
        return
    is_mixed = key in {"kind", "listKind"}
    problem = label_problem(value.lower() if is_mixed else value)
    if problem and is_mixed:
        problem = f"may have mixed case, but should otherwise match: {problem}"
    if problem:
        yield invalid(path, value, problem)


def _group_causes(document: Document, group: str) -> Iterator[Cause]:
    if not group:
        yield required("spec.group")
    elif len(group) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(group):
        yield invalid("spec.group", group, _DOMAIN_PROBLEM)
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    if any(group == domain or group.endswith(f".{domain}") for domain in _PROTECTED):
        yield from _approval_causes(document)


def _approval_causes(document: Document) -> Iterator[Cause]:
    """Groups of Kubernetes' own need the address of an approval, or ``unapproved`` and why."""
    field = f"metadata.annotations[{_APPROVED}]"
    given = documents.strings(document, "metadata", "annotations").get(_APPROVED, "")
    if not given:
        problem = f'protected groups must have approval annotation "{_APPROVED}", {_APPROVAL}'
        yield required(field, problem)
    elif not given.startswith("unapproved") and not re.match(r"[a-z][a-z0-9+.-]*://[^/]", given):
        yield invalid(
            field,
            given,
            f'protected groups must have approval annotation "{_APPROVED}" with either a URL or a '
            f'reason starting with "unapproved", {_APPROVAL}',
        )
