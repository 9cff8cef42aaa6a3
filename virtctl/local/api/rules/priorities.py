"""Rules of PriorityClasses, and of the labels that name a namespace's security; as upstream."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules.causes import invalid, not_supported
from virtctl.models.documents import Document, integer, name_of, strings, text

SYSTEM_CLASSES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""The classes that every cluster has, and their values."""

_MOST = 1_000_000_000
_RESERVED = "system-"
_POLICIES = ("PreemptLowerPriority", "Never")
_SECURITY = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_VERSION = re.compile(r"latest|v1\.([1-9][0-9]*|0)")


def priority_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with a PriorityClass, and how it must not be changed."""
    name, value = name_of(document), integer(document, "value")
    if name.startswith(_RESERVED):
        if SYSTEM_CLASSES.get(name) != value:
            problem = f"{name} is not a known system priority class"
            if name in SYSTEM_CLASSES:
                problem = f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
            yield _forbidden(
                "metadata.name",
                "priority class names with 'system-' prefix are reserved for system use only. "
                f"error: {problem}",
            )
    elif value > _MOST:
        problem = f"maximum allowed value of a user defined priority is {_MOST}"
        yield _forbidden("value", problem)
    policy = text(document, "preemptionPolicy", default=_POLICIES[0])
    if policy not in _POLICIES:
        choices = ", ".join(f'"{choice}"' for choice in _POLICIES)
        problem = f'Unsupported value: "{policy}": supported values: {choices}'
        yield not_supported("preemptionPolicy", problem)
    if old is None:
        return
    if integer(old, "value") != value:
        yield _forbidden("value", "may not be changed in an update.")
    if text(old, "preemptionPolicy", default=_POLICIES[0]) != policy:
        yield invalid("preemptionPolicy", f'Invalid value: "{policy}": field is immutable')


def security_causes(namespace: Document) -> Iterator[Cause]:
    """Labels of PodSecurity that say nothing."""
    for key, value in sorted(strings(namespace, "metadata", "labels").items()):
        mode = key.removeprefix(_SECURITY)
        if mode == key:
            continue
        where = f"metadata.labels[{key}]"
        kind, _, version = mode.partition("-")
        if kind not in {"enforce", "audit", "warn"}:
            continue
        if version == "version" and not _VERSION.fullmatch(value):
            yield invalid(where, f'Invalid value: "{value}": must be "latest" or "v1.x"')
        if not version and value not in _LEVELS:
            problem = f"must be one of {', '.join(_LEVELS)}"
            yield invalid(where, f'Invalid value: "{value}": {problem}')


def _forbidden(field: str, problem: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {problem}", field)
