"""Rules of schemas (``x-kubernetes-validations``), looked at when a definition brings them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.customs.causes import invalid, required, unsupported
from virtctl.local.api.customs.expressions import compile_problem, unescaped
from virtctl.local.api.customs.portions import field_at
from virtctl.local.api.customs.structural import EMBEDDED, LIST_TYPE, MAP_TYPE, RULES
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_REASONS = (
    "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired",
)  # fmt: skip
_OLD = re.compile(r"\boldSelf\b")
_BREAK = re.compile(r"[\n\r]")


def told_causes(schema: Document, path: str) -> Iterator[Cause]:
    """What is wrong with rules, but for what they compute."""
    for position, rule in enumerate(documents.items(schema, RULES)):
        if isinstance(rule, dict):
            where = f"{path}.{RULES}[{position}]"
            yield from _message_causes(rule, where)
            yield from _pointer_causes(schema, rule, where)


def _message_causes(rule: Document, where: str) -> Iterator[Cause]:
    source, message = documents.text(rule, "rule").strip(), documents.text(rule, "message")
    if not source:
        yield required(f"{where}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{where}.message", message, "must be non-empty if specified")
    elif _BREAK.search(message.strip()):
        yield invalid(f"{where}.message", message, "must not contain line breaks")
    elif _BREAK.search(source) and not message:
        problem = "message must be specified if rule contains line breaks"
        yield required(f"{where}.message", problem)
    told = documents.text(rule, "messageExpression")
    if told and not told.strip():
        problem = "messageExpression must be non-empty if specified"
        yield required(f"{where}.messageExpression", problem)
    reason = rule.get("reason")
    if reason is not None and reason not in _REASONS:
        yield unsupported(f"{where}.reason", reason, _REASONS)


def _pointer_causes(schema: Document, rule: Document, where: str) -> Iterator[Cause]:
    pointer, field = documents.text(rule, "fieldPath"), f"{where}.fieldPath"
    if not pointer:
        return
    if not pointer.strip():
        yield invalid(field, pointer, "must be non-empty if specified")
    if _BREAK.search(pointer):
        yield invalid(field, pointer, "must not contain line breaks")
    try:
        field_at(schema, pointer)
    except InvalidField:
        yield invalid(field, pointer, "must be a valid path")


def compile_causes(schema: Document, path: str, uncorrelated: str = "") -> Iterator[Cause]:
    """The rules of a schema that are no expressions, or ask for what was before in vain.

    ``uncorrelated``: the outermost place above whose parts can't be told from one another after a
    change.
    """
    for position, rule in enumerate(documents.items(schema, RULES)):
        if isinstance(rule, dict):
            where = f"{path}.{RULES}[{position}]"
            yield from _rule_causes(schema, rule, where, uncorrelated)
    is_atomic = schema.get(MAP_TYPE) == "atomic"
    below = uncorrelated or (path if is_atomic else "")
    for name, inner in documents.child(schema, "properties").items():
        if isinstance(inner, dict):
            yield from compile_causes(inner, f"{path}.properties[{name}]", below)
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        yield from compile_causes(values, f"{path}.additionalProperties", uncorrelated)
    items = schema.get("items")
    if isinstance(items, dict):
        is_keyed = schema.get(LIST_TYPE) == "map"
        below = uncorrelated or ("" if is_keyed else path)
        yield from compile_causes(items, f"{path}.items", below)


_TEXT = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
_CHAIN = re.compile(r"(?<![\w.])(?:self|oldSelf)((?:\.[A-Za-z_]\w*)+)\b(?!\s*[({])")
_METHOD = re.compile(r"(?<![\w.])(?:self|oldSelf)((?:\.[A-Za-z_]\w*)*)\.[A-Za-z_]\w*\s*\(")
_IDENTITY: Document = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}},
}


def field_problem(schema: Document, source: str) -> str:
    """Which field a rule speaks of that ``schema`` does not have; empty when there is none.

    Only what hangs on ``self`` and ``oldSelf`` by dots is looked at.
    """
    bare = _TEXT.sub(lambda match: " " * len(match[0]), source)
    for match in (*_CHAIN.finditer(bare), *_METHOD.finditer(bare)):
        here: JsonValue = schema
        column = match.start(1)
        for name in match[1].split(".")[1:]:
            if not isinstance(here, dict) or not here.get("type"):
                break  # a value of any type
            here, problem = _member_of(here, unescaped(name))
            if problem:
                line = source.splitlines()[0]
                pointer = f"{'.' * column}^"
                return f"ERROR: <input>:1:{column + 1}: {problem}\n | {line}\n | {pointer}"
            column += len(name) + 1
    return ""


def _member_of(schema: Document, name: str) -> tuple[JsonValue, str]:
    """The schema of a member, and what is wrong with asking for it."""
    type_ = documents.text(schema, "type")
    if type_ != "object":
        return None, f"type '{_WORDS.get(type_, type_)}' does not support field selection"
    if schema.get(EMBEDDED) is True and name in _ALWAYS:
        return _ALWAYS[name], ""
    found = documents.child(schema, "properties").get(name)
    if found is None:
        found = schema.get("additionalProperties")
    return (None, f"undefined field '{name}'") if found is None else (found, "")


_ALWAYS: Document = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": _IDENTITY,
}
_WORDS = {"integer": "int", "number": "double", "boolean": "bool", "array": "list"}


def _rule_causes(
    schema: Document, rule: Document, where: str, uncorrelated: str
) -> Iterator[Cause]:
    source, told = documents.text(rule, "rule"), documents.text(rule, "messageExpression")
    shown: Document = {
        "Rule": source,
        "Message": documents.text(rule, "message"),
        "MessageExpression": told,
        "Reason": rule.get("reason"),
        "FieldPath": documents.text(rule, "fieldPath"),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }
    if problem := compile_problem(source) or field_problem(schema, source):
        yield invalid(f"{where}.rule", shown, f"compilation failed: {problem}")
    if told and (problem := compile_problem(told)):
        text = f"messageExpression compilation failed: {problem}"
        yield invalid(f"{where}.messageExpression", shown, text)
    if not _OLD.search(source):
        if rule.get("optionalOldSelf") is not None:
            problem = "may not be set if oldSelf is not used in rule"
            yield invalid(f"{where}.optionalOldSelf", rule["optionalOldSelf"], problem)
    elif uncorrelated:
        problem = (
            f"oldSelf cannot be used on the uncorrelatable portion of the schema within "
            f"{uncorrelated}"
        )
        yield invalid(f"{where}.rule", source, problem)
