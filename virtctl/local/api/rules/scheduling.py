"""Rules of affinity and spreading, as in core."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules import names, selecting
from virtctl.local.api.rules.causes import invalid
from virtctl.local.api.rules.selecting import Found, bad, required
from virtctl.models import documents
from virtctl.models.documents import Document

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_SPREADS = ("DoNotSchedule", "ScheduleAnyway")


def scheduling_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with affinities and spread constraints; their fields lack ``affinity``."""
    affinity = documents.child(spec, "affinity")
    found = [*_node_affinity(documents.child(affinity, "nodeAffinity"), f"{path}.nodeAffinity")]
    for group in ("podAffinity", "podAntiAffinity"):
        found += _pod_affinity(documents.child(affinity, group), f"{path}.{group}")
    found += _spreading(spec, f"{path}.topologySpreadConstraints")
    for field, problem in found:
        yield invalid(field, f"{field}: {problem}")


def _node_affinity(affinity: Document, field: str) -> Iterator[Found]:
    selector = affinity.get(_REQUIRED)
    if isinstance(selector, dict):
        where = f"{field}.{_REQUIRED}.nodeSelectorTerms"
        terms = list(documents.objects(selector, "nodeSelectorTerms"))
        if not terms:
            yield required(where, "must have at least one node selector term")
        for position, term in enumerate(terms):
            yield from selecting.node_term(term, f"{where}[{position}]")
    for position, item in enumerate(documents.objects(affinity, _PREFERRED)):
        where = f"{field}.{_PREFERRED}[{position}]"
        yield from _weight(item, where)
        yield from selecting.node_term(documents.child(item, "preference"), f"{where}.preference")


def _pod_affinity(affinity: Document, field: str) -> Iterator[Found]:
    for position, term in enumerate(documents.objects(affinity, _REQUIRED)):
        yield from _pod_term(term, f"{field}.{_REQUIRED}[{position}]")
    for position, item in enumerate(documents.objects(affinity, _PREFERRED)):
        where = f"{field}.{_PREFERRED}[{position}]"
        yield from _weight(item, where)
        yield from _pod_term(documents.child(item, "podAffinityTerm"), f"{where}.podAffinityTerm")


def _weight(item: Document, field: str) -> Iterator[Found]:
    weight = documents.integer(item, "weight")
    if not 1 <= weight <= 100:
        yield bad(f"{field}.weight", weight, "must be in the range 1-100")


def _pod_term(term: Document, field: str) -> Iterator[Found]:
    for name in ("labelSelector", "namespaceSelector"):
        yield from selecting.label_selector(documents.child(term, name), f"{field}.{name}")
    for namespace in documents.items(term, "namespaces"):
        for problem in names.label_problems(str(namespace)):
            yield bad(f"{field}.namespace", str(namespace), problem)
    key = documents.text(term, "topologyKey")
    if not key:
        yield required(f"{field}.topologyKey", "can not be empty")
    yield from selecting.label_name(key, f"{field}.topologyKey")


def _spreading(spec: Document, field: str) -> Iterator[Found]:
    for position, item in enumerate(documents.objects(spec, "topologySpreadConstraints")):
        where = f"{field}[{position}]"
        skew = documents.integer(item, "maxSkew")
        if skew <= 0:
            yield bad(f"{where}.maxSkew", skew, "must be greater than zero")
        key = documents.text(item, "topologyKey")
        if key:
            yield from selecting.label_name(key, f"{where}.topologyKey")
        else:
            yield required(f"{where}.topologyKey", "can not be empty")
        action = documents.text(item, "whenUnsatisfiable")
        if action not in _SPREADS:
            choices = ", ".join(f'"{choice}"' for choice in _SPREADS)
            problem = f'Unsupported value: "{action}": supported values: {choices}'
            yield f"{where}.whenUnsatisfiable", problem
        selector = documents.child(item, "labelSelector")
        yield from selecting.label_selector(selector, f"{field}.labelSelector")
