"""Rules of label and node selectors, as in core. Each problem is a field and what is to say of it.

KubeVirt reports all of them as invalid values, with the field once more in the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from virtctl.local.api.objects import name_causes
from virtctl.local.api.rules import names
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import NODE

Found: TypeAlias = "tuple[str, str]"

_LISTED = frozenset({"In", "NotIn"})
_BARE = frozenset({"Exists", "DoesNotExist"})
_COMPARED = frozenset({"Gt", "Lt"})
_BAD_OPERATOR = "not a valid selector operator"


def bad(field: str, value: object, problem: str) -> Found:
    """``value`` is wrong."""
    shown = f'"{value}"' if isinstance(value, str) else value
    return field, f"Invalid value: {shown}: {problem}"


def required(field: str, problem: str) -> Found:
    """A value is missing."""
    return field, f"Required value: {problem}"


def label_name(key: str, field: str) -> Iterator[Found]:
    """What is wrong with the key of a label."""
    for problem in names.qualified_problems(key):
        yield bad(field, key, problem)


def label_selector(selector: Document, field: str) -> Iterator[Found]:
    """What is wrong with a label selector; an empty one selects all."""
    for key, value in documents.strings(selector, "matchLabels").items():
        yield from label_name(key, f"{field}.matchLabels")
        for problem in names.value_problems(value):
            yield bad(f"{field}.matchLabels", value, problem)
    for position, term in enumerate(documents.objects(selector, "matchExpressions")):
        where = f"{field}.matchExpressions[{position}]"
        values = documents.items(term, "values")
        yield from _operator(term, where, numbers=False)
        yield from label_name(documents.text(term, "key"), f"{where}.key")
        for number, text in enumerate(map(str, values)):
            for problem in names.value_problems(text):
                yield bad(f"{where}.values[{number}]", text, problem)


def _operator(term: Document, field: str, *, numbers: bool) -> Iterator[Found]:
    """Whether the values are those that the operator needs; ``numbers``: it may compare."""
    operator, values = documents.text(term, "operator"), documents.items(term, "values")
    where = f"{field}.values"
    if operator in _LISTED:
        if not values:
            yield required(where, "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in _BARE:
        if values:
            problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield where, f"Forbidden: {problem}"
    elif numbers and operator in _COMPARED:
        if len(values) != 1:
            yield required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield bad(f"{field}.operator", operator, _BAD_OPERATOR)


def node_term(term: Document, field: str) -> Iterator[Found]:
    """What is wrong with one term of a node selector."""
    for position, item in enumerate(documents.objects(term, "matchExpressions")):
        where = f"{field}.matchExpressions[{position}]"
        yield from _operator(item, where, numbers=True)
        yield from label_name(documents.text(item, "key"), f"{where}.key")
    for position, item in enumerate(documents.objects(term, "matchFields")):
        yield from _field_term(item, f"{field}.matchFields[{position}]")


def _field_term(term: Document, field: str) -> Iterator[Found]:
    """Nodes can be selected by one field, their name."""
    operator, values = documents.text(term, "operator"), documents.items(term, "values")
    if operator not in _LISTED:
        yield bad(f"{field}.operator", operator, _BAD_OPERATOR)
    elif len(values) != 1:
        problem = (
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        )
        yield required(f"{field}.values", problem)
    key = documents.text(term, "key")
    if key != "metadata.name":
        yield bad(f"{field}.key", key, "not a valid field selector key")
        return
    for position, value in enumerate(values):
        for cause in name_causes(NODE, str(value)):
            yield f"{field}.values[{position}]", cause.message
