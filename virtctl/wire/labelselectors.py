"""``metav1.LabelSelector``: the structured form of label selectors, and its spelling.

An empty selector selects everything; that an absent one selects nothing is its reader's to know.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import InvalidField
from virtctl.models.documents import Document, items, objects, strings, text
from virtctl.wire.selectors import LabelSelector, Operator, Requirement

_OPERATORS = {
    "In": Operator.IN,
    "NotIn": Operator.NOT_IN,
    "Exists": Operator.EXISTS,
    "DoesNotExist": Operator.ABSENT,
    "Gt": Operator.GREATER,
    "Lt": Operator.LESS,
}


def read_selector(document: Document) -> LabelSelector:
    """The selector of ``matchLabels`` and ``matchExpressions``. Raises ``InvalidField``."""
    equal = [
        Requirement(key, Operator.IN, frozenset({value}))
        for key, value in strings(document, "matchLabels").items()
    ]
    return LabelSelector((*equal, *_expressions(document, "matchExpressions")))


def read_requirements(document: Document, field: str) -> LabelSelector:
    """The selector of a list of requirements alone, as nodes are selected by."""
    return LabelSelector(tuple(_expressions(document, field)))


def _expressions(document: Document, field: str) -> Iterator[Requirement]:
    for one in objects(document, field):
        operator = _OPERATORS.get(text(one, "operator"))
        if operator is None:
            known = ", ".join(_OPERATORS)
            raise InvalidField(f"{field}[].operator", text(one, "operator"), f"must be of {known}")
        values = frozenset(value for value in items(one, "values") if isinstance(value, str))
        yield Requirement(text(one, "key"), operator, values)


def spell_selector(document: Document) -> str:
    """The selector as ``-l`` takes it, requirements in the order of their keys."""
    spelled = [(key, f"{key}={value}") for key, value in strings(document, "matchLabels").items()]
    spelled += [(one.key, _spell(one)) for one in _expressions(document, "matchExpressions")]
    return ",".join(words for _, words in sorted(spelled))


def _spell(one: Requirement) -> str:
    listed = ",".join(sorted(one.values))
    match one.operator:
        case Operator.IN:
            return f"{one.key} in ({listed})"
        case Operator.NOT_IN:
            return f"{one.key} notin ({listed})"
        case Operator.EXISTS:
            return one.key
        case Operator.ABSENT:
            return f"!{one.key}"
        case Operator.GREATER:
            return f"{one.key}>{listed}"
        case Operator.LESS:
            return f"{one.key}<{listed}"
