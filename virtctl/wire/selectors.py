"""Label and field selectors: parse and match.

Grammar: the Kubernetes documentation on labels and selectors. Fields that a kind can be selected by
are a property of the kind, so callers pass them in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from virtctl.errors import BadRequest
from virtctl.models.documents import Document, JsonValue

_ALWAYS = ("metadata.name", "metadata.namespace")


class Operator(Enum):
    """How a label is compared."""

    IN = auto()
    NOT_IN = auto()
    EXISTS = auto()
    ABSENT = auto()
    GREATER = auto()
    LESS = auto()


@dataclass(frozen=True)
class Requirement:
    """One comparison of one label."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether ``labels`` fulfil it; a missing label fulfils ``notin`` and ``!=``."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.ABSENT:
                return value is None
            case Operator.GREATER | Operator.LESS:
                return self._compare(value)

    def _compare(self, value: str | None) -> bool:
        (bound,) = self.values
        if value is None or not re.fullmatch(r"-?\d+", value):
            return False
        if self.operator is Operator.GREATER:
            return int(value) > int(bound)
        return int(value) < int(bound)


_SET = re.compile(r"^(?P<key>[^\s!=(),<>]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=(),<>]+)\s*(?P<op>==|=|!=|<|>)\s*(?P<value>[^\s!=(),<>]*)$")
_EXISTS = re.compile(r"^(?P<not>!)?\s*(?P<key>[^\s!=(),<>]+)$")
_SPLIT = re.compile(r",(?![^(]*\))")
_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_KEY = re.compile(
    r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_EQUAL_OPERATORS = {
    "=": Operator.IN,
    "==": Operator.IN,
    "!=": Operator.NOT_IN,
    "<": Operator.LESS,
    ">": Operator.GREATER,
}


def _requirement(text: str) -> Requirement:
    found = _parse_requirement(text)
    if found is None:
        raise BadRequest(_misread(text))
    if found.operator in {Operator.LESS, Operator.GREATER}:
        (bound,) = found.values
        if not _INTEGER.fullmatch(bound):
            raise BadRequest(
                f"unable to parse requirement: values[0]: Invalid value: \"{bound}\": for 'Gt', "
                "'Lt' operators, the value must be an integer"
            )
    if not _KEY.match(found.key) or not all(map(_VALUE.match, found.values)):
        raise BadRequest(
            f"unable to parse requirement: `{text}` is not a label selector; "
            "expected key=value, key!=value, key in (a,b), key notin (a,b), key or !key"
        )
    return found


_TOKEN = re.compile(r"[^\s!=(),<>]+|==|!=|[=!(),<>]")
_WORD = re.compile(r"[^\s!=(),<>]+")
_SET_OPERATORS = frozenset({"in", "notin"})


def _misread(text: str) -> str:
    """Where the parser of Kubernetes stops in what is no requirement, in its words."""
    tokens = [*_TOKEN.findall(text), "", "", ""]
    if tokens[0] == "!":
        return f"unable to parse requirement: found '{tokens[1]}', expected: identifier"
    if not _WORD.match(tokens[0]):
        return f"found '{tokens[0]}', expected: !, identifier, or 'end of string'"
    if tokens[1] in _SET_OPERATORS:
        if tokens[2] != "(":
            return f"unable to parse requirement: found '{tokens[2]}' expected: '('"
        return "unable to parse requirement: found '', expected: ',' or ')'"
    if tokens[1] not in _EQUAL_OPERATORS:
        operators = "in, notin, =, ==, !=, gt, lt"
        return f"unable to parse requirement: found '{tokens[1]}', expected: {operators}"
    return f"found '{tokens[3]}', expected: ',' or 'end of string'"


def _parse_requirement(text: str) -> Requirement | None:
    if found := _SET.match(text):
        operator = Operator.IN if found["op"] == "in" else Operator.NOT_IN
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Requirement(found["key"], operator, values)
    if found := _EQUAL.match(text):
        return Requirement(found["key"], _EQUAL_OPERATORS[found["op"]], frozenset({found["value"]}))
    if found := _EXISTS.match(text):
        return Requirement(found["key"], Operator.ABSENT if found["not"] else Operator.EXISTS)
    return None


@dataclass(frozen=True)
class LabelSelector:
    """All requirements must hold; none selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, JsonValue]) -> bool:
        """Whether an object with ``labels`` is selected."""
        texts = {key: value for key, value in labels.items() if isinstance(value, str)}
        return all(requirement.matches(texts) for requirement in self.requirements)


def parse_labels(text: str) -> LabelSelector:
    """The selector that ``labelSelector`` or ``-l`` spells. Raises ``BadRequest``."""
    parts = [part.strip() for part in _SPLIT.split(text)] if text.strip() else []
    return LabelSelector(tuple(_requirement(part) for part in parts))


@dataclass(frozen=True)
class FieldTerm:
    """One comparison of one field; an absent field reads as the empty string."""

    path: str
    value: str
    equal: bool

    def matches(self, document: Document) -> bool:
        """Whether ``document`` fulfils it."""
        here: JsonValue = document
        for part in self.path.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        return (_spell(here) == self.value) == self.equal


def _spell(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@dataclass(frozen=True)
class FieldSelector:
    """All terms must hold; none selects everything."""

    terms: tuple[FieldTerm, ...] = ()

    def matches(self, document: Document) -> bool:
        """Whether ``document`` is selected."""
        return all(term.matches(document) for term in self.terms)


_TERM = re.compile(r"^(?P<path>[^=!\\]+)(?P<op>!=|==|=)(?P<value>.*)$")
_STRAY = re.compile(r"(?:[^\\=]|\\.)*?(=)")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")


def parse_fields(
    text: str,
    supported: Collection[str] = _ALWAYS,
    *,
    builtin: bool = True,
    places: Mapping[str, str] | None = None,
) -> FieldSelector:
    """The selector that ``fieldSelector`` spells, over ``supported`` paths only.

    ``places`` says where a field is that is not at its path. ``builtin`` chooses the wording for
    kinds of Kubernetes itself over that for custom resources. Raises ``BadRequest``.
    """
    terms = []
    for part in _UNESCAPED_COMMA.split(text) if text else ():
        if not part:
            continue  # as after a last comma
        found = _TERM.match(part)
        if found is None:
            raise BadRequest(f"invalid selector: '{part}'; can't understand '{part}'")
        path = found["path"]
        if path not in supported:
            known = ", ".join(f'"{name}"' for name in supported)
            raise BadRequest(
                f'"{path}" is not a known field selector: only {known}'
                if builtin
                else f"field label not supported: {path}"
            )
        if stray := _STRAY.match(found["value"]):
            raise BadRequest(
                f"invalid field selector: unescaped character in value: {ord(stray[1])}"
            )
        value = re.sub(r"\\([\\,=])", r"\1", found["value"])
        place = (places or {}).get(path, path)
        terms.append(FieldTerm(place, value, found["op"] != "!="))
    return FieldSelector(tuple(terms))


def exact_name(text: str) -> str:
    """The one name that the field selector ``text`` lets through; empty when there may be more."""
    terms = [_TERM.match(part) for part in _UNESCAPED_COMMA.split(text)] if text else []
    names = [
        term["value"]
        for term in terms
        if term is not None and term["path"] == "metadata.name" and term["op"] != "!="
    ]
    return names[0] if names and None not in terms else ""


@dataclass(frozen=True)
class Selection:
    """Label and field selector together."""

    labels: LabelSelector = LabelSelector()
    fields: FieldSelector = FieldSelector()

    def __bool__(self) -> bool:
        return bool(self.labels.requirements or self.fields.terms)

    def matches(self, document: Document) -> bool:
        """Whether ``document`` is selected by both."""
        metadata = document.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, dict) else None
        return self.labels.matches(
            labels if isinstance(labels, dict) else {}
        ) and self.fields.matches(document)
