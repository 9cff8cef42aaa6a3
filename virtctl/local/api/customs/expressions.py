"""CEL rules of schemas (``x-kubernetes-validations``).

The language is a library's; it is loaded with the first rule, and then only its compiled part,
because the package itself imports a command line. What Kubernetes adds to the language is here.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.machinery import ExtensionFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeAlias

from virtctl.errors import Cause, LocalError
from virtctl.local.api.shapes import Shape
from virtctl.models.base import Rule
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import QuantityError, parse_quantity

_Function: TypeAlias = Callable[..., JsonValue]


class _Context(Protocol):
    """The variables and functions of one evaluation."""

    def add_variable(self, name: str, value: JsonValue) -> None: ...

    def add_function(self, name: str, function: _Function) -> None: ...


class _Program(Protocol):
    """A compiled expression."""

    def execute(self, context: _Context) -> object: ...


class _Language(Protocol):
    """The part of the library that is used."""

    def compile(self, source: str) -> _Program: ...

    def Context(self) -> _Context: ...  # noqa: N802


@cache
def _language() -> _Language:
    """The library. Raises ``LocalError`` when it isn't installed."""
    package = find_spec("cel")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for file in sorted(Path(folder).glob("cel.*.so")):
            loader = ExtensionFileLoader("cel.cel", str(file))
            spec = spec_from_file_location("cel.cel", file, loader=loader)
            if spec is not None:
                module = module_from_spec(spec)
                loader.exec_module(module)
                return module
    raise LocalError(
        "rules of definitions can't be evaluated: the package `common-expression-language` is "
        "missing",
        "install `virtctl[local]`",
    )


@cache
def _compiled(source: str) -> _Program:
    return _language().compile(source)


def compile_problem(source: str) -> str:
    """Why ``source`` is no expression; empty when it is one."""
    try:
        _compiled(source)
    except ValueError as error:
        return str(error).strip().splitlines()[0]
    return ""


@cache
def pattern_problem(pattern: str) -> str:
    """Why ``pattern`` is no regular expression, in RE2's words as far as possible."""
    try:
        matches(pattern, "")
    except ValueError as error:
        return f"error parsing regexp: {error}: `{pattern}`"
    return ""


def matches(pattern: str, value: str) -> bool:
    """Whether any part of ``value`` fits a regular expression, in time that grows with its length
    only, whatever the expression is. Raises ``ValueError`` when it is none.
    """
    context = _language().Context()
    context.add_variable("value", value)
    context.add_variable("pattern", pattern)
    try:
        return _compiled("value.matches(pattern)").execute(context) is True
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        told = (line for line in lines if line.startswith("error: "))
        problem = next(told, "error: it is no regular expression").removeprefix("error: ")
        raise ValueError(problem.partition(". Check")[0]) from error


# What Kubernetes adds


def _is_sorted(values: list[JsonValue]) -> bool:
    return all(a <= b for a, b in pairwise(values))  # type: ignore[operator]


def _index_of(values: list[JsonValue] | str, wanted: JsonValue, begin: int = 0) -> int:
    if isinstance(values, str):
        return values.find(str(wanted), begin)
    return values.index(wanted) if wanted in values else -1


def _last_index_of(
    values: list[JsonValue] | str, wanted: JsonValue, begin: int | None = None
) -> int:
    if isinstance(values, str):
        last = len(values) if begin is None else begin + len(str(wanted))
        return values.rfind(str(wanted), 0, last)
    return len(values) - 1 - values[::-1].index(wanted) if wanted in values else -1


def _char_at(value: str, position: int) -> str:
    if not 0 <= position <= len(value):
        raise ValueError(f"index out of range: {position}")
    return value[position : position + 1]


def _distinct(values: list[JsonValue]) -> list[JsonValue]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


# Addresses, networks and URLs stay texts: what they are asked for is computed when it is asked for.

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: str) -> _Network:
    if "/" not in value:
        raise ValueError(f"network address parse error: {value}")
    return ipaddress.ip_network(value, strict=False)


def _ip(value: str) -> str:
    return str(ipaddress.ip_address(value.partition("/")[0]))


def _cidr(value: str) -> str:
    _network(value)
    return value


def _contains_network(outer: str, inner: str) -> bool:
    wide, narrow = _network(outer), _network(inner)
    if isinstance(wide, ipaddress.IPv4Network):
        return isinstance(narrow, ipaddress.IPv4Network) and narrow.subnet_of(wide)
    return isinstance(narrow, ipaddress.IPv6Network) and narrow.subnet_of(wide)


def _parsed_url(value: str) -> str:
    if not _url(value):
        raise ValueError(f"URL parse error: {value}")
    return value


def _query(value: str) -> Document:
    found = urllib.parse.parse_qs(urllib.parse.urlsplit(value).query)
    return {name: [*values] for name, values in found.items()}


_CLAUSE = re.compile(r"%(?:%|(\.\d+)?([a-zA-Z]))")


def _formatted(template: str, values: list[JsonValue]) -> str:
    """``template`` with ``%s``, ``%d``, ``%.2f`` and the like filled in."""
    rest = iter(values)

    def filled(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(rest, None)
        if match[2] in {"s", "d"}:
            return _spelled(value)
        if match[2] not in set("bxXofe") or not isinstance(value, (int, float)):
            raise ValueError(f"unrecognized formatting clause: {match[0]}")
        places = match[1] or (".6" if match[2] in "fe" else "")
        return format(value, f"{places}{match[2]}")

    return _CLAUSE.sub(filled, template)


def _spelled(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_spelled(item) for item in value)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "null" if value is None else str(value)


def _split(value: str, by: str, limit: int = -1) -> list[JsonValue]:
    if limit == 0:
        return []
    found: list[JsonValue] = [*(value.split(by, limit - 1 if limit > 0 else -1) if by else value)]
    return found


def _port(value: str) -> str:
    port = urllib.parse.urlsplit(value).port
    return "" if port is None else str(port)


def _url(value: str) -> bool:
    parts = urllib.parse.urlsplit(value)
    return bool(parts.scheme and parts.netloc) or value.startswith("/")


def _readable(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except (ValueError, QuantityError):
        return False
    return True


def _compare(left: JsonValue, right: JsonValue) -> int:
    first, second = parse_quantity(str(left)), parse_quantity(str(right))
    return (first > second) - (first < second)


_FUNCTIONS: Mapping[str, _Function] = {
    "isSorted": _is_sorted,
    "sum": sum,
    "min": lambda *values: min(values[0] if isinstance(values[0], list) else values),
    "max": lambda *values: max(values[0] if isinstance(values[0], list) else values),
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "find": lambda value, pattern: (re.search(pattern, value) or [""])[0],
    "findAll": lambda value, pattern, *limit: re.findall(pattern, value)[: (limit or (None,))[0]],
    "split": _split,
    "join": lambda values, *by: (by or ("",))[0].join(values),
    "replace": lambda value, old, new, *count: value.replace(old, new, *count),
    "substring": lambda value, begin, *end: value[begin : (end or (None,))[0]],
    "trim": lambda value: value.strip(),
    "lowerAscii": lambda value: value.lower(),
    "upperAscii": lambda value: value.upper(),
    "charAt": _char_at,
    "reverse": lambda value: value[::-1],
    "isURL": _url,
    "isQuantity": lambda value: _readable(parse_quantity, value),
    "isIP": lambda value: _readable(ipaddress.ip_address, value),
    "isCIDR": lambda value: _readable(_network, value),
    "ip": _ip,
    "family": lambda value: ipaddress.ip_address(value).version,
    "isLoopback": lambda value: ipaddress.ip_address(value).is_loopback,
    "isUnspecified": lambda value: ipaddress.ip_address(value).is_unspecified,
    "isLinkLocalUnicast": lambda value: ipaddress.ip_address(value).is_link_local,
    "cidr": _cidr,
    "containsIP": lambda value, other: ipaddress.ip_address(other) in _network(value),
    "containsCIDR": _contains_network,
    "prefixLength": lambda value: _network(value).prefixlen,
    "masked": lambda value: str(_network(value)),
    "url": _parsed_url,
    "getScheme": lambda value: urllib.parse.urlsplit(value).scheme,
    "getHost": lambda value: urllib.parse.urlsplit(value).netloc.rpartition("@")[2],
    "getHostname": lambda value: urllib.parse.urlsplit(value).hostname or "",
    "getPort": _port,
    "getEscapedPath": lambda value: urllib.parse.urlsplit(value).path,
    "getQuery": _query,
    "format": _formatted,
    "sort": sorted,
    "distinct": _distinct,
    "slice": lambda values, begin, end: values[begin:end],
    "isInteger": lambda value: parse_quantity(str(value)).milli % 1000 == 0,
    "asInteger": lambda value: parse_quantity(str(value)).value,
    "asApproximateFloat": lambda value: float(parse_quantity(str(value)).exact),
    "add": lambda left, right: str(parse_quantity(str(left)) + parse_quantity(str(right))),
    "sub": lambda left, right: str(parse_quantity(str(left)) - parse_quantity(str(right))),
    "quantity": lambda value: value,
    "isGreaterThan": lambda left, right: _compare(left, right) > 0,
    "isLessThan": lambda left, right: _compare(left, right) < 0,
    "compareTo": _compare,
}

# Words of the language that fields are called by are written with underscores around them.
_RESERVED = frozenset({
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
    "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip


def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    name = name.replace("__", "__underscores__")
    for sign, word in ((".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(sign, word)
    return name


def unescaped(name: str) -> str:
    """The field that a rule calls ``name``."""
    word = name.removeprefix("__").removesuffix("__")
    if name == f"__{word}__" and word in _RESERVED:
        return word
    for sign, spelling in ((".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(spelling, sign)
    return name.replace("__underscores__", "__")


def _visible(shape: Shape, value: JsonValue) -> JsonValue:
    """``value`` as rules see it: fields under names that the language can spell."""
    if isinstance(value, dict):
        seen: Document = {}
        for name, member in value.items():
            inner = shape.fields.get(name)
            if inner is not None:
                seen[_escaped(name)] = _visible(inner, member)
            else:
                seen[name] = member if shape.values is None else _visible(shape.values, member)
        return seen
    if isinstance(value, list) and shape.items is not None:
        return [_visible(shape.items, item) for item in value]
    return value


def rule_causes(shape: Shape, value: JsonValue, old: JsonValue, path: str = "") -> Iterator[Cause]:
    """The rules that ``value`` breaks. ``old`` is None when the value is new."""
    if value is None or not shape.is_ruled:
        return
    for rule in shape.rules:
        cause = _broken(rule, shape, (value, old), path)
        if cause is not None:
            yield cause
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for name, member in value.items():
            inner = shape.fields.get(name) or shape.values
            if inner is not None:
                where = f"{path}.{name}" if name in shape.fields and path else name
                if name not in shape.fields:
                    where = f"{path}[{name}]"
                yield from rule_causes(inner, member, before.get(name), where)
    elif isinstance(value, list) and shape.items is not None:
        for position, item in enumerate(value):
            earlier = _twin(shape, item, old)
            yield from rule_causes(shape.items, item, earlier, f"{path}[{position}]")


def _twin(shape: Shape, item: JsonValue, old: JsonValue) -> JsonValue:
    """What an element of a keyed list was before; None in lists without keys."""
    if not shape.keys or not isinstance(item, dict) or not isinstance(old, list):
        return None
    for other in old:
        if isinstance(other, dict) and all(other.get(key) == item.get(key) for key in shape.keys):
            return other
    return None


_OLD = re.compile(r"\boldSelf\b")
_FAILURES = (ValueError, TypeError, LookupError, RuntimeError, ArithmeticError)
"""What evaluation raises where a rule makes no sense of a value."""


def _broken(
    rule: Rule, shape: Shape, values: tuple[JsonValue, JsonValue], path: str
) -> Cause | None:
    value, old = values
    if _OLD.search(rule.rule) and old is None:
        return None  # a rule about changes; nothing has changed yet
    context = _language().Context()
    context.add_variable("self", _visible(shape, value))
    if old is not None:
        context.add_variable("oldSelf", _visible(shape, old))
    for name, function in _FUNCTIONS.items():
        context.add_function(name, function)
    where = f"{path}{rule.field_path}" if rule.field_path else path
    try:
        if _compiled(rule.rule).execute(context) is True:
            return None
    except _FAILURES as error:
        problem = f"Invalid value: rule {rule.rule!r} can't be evaluated: {error}"
        return Cause("FieldValueInvalid", problem, where)
    return _said(rule, _message(rule, context), where)


def _message(rule: Rule, context: _Context) -> str:
    if rule.message_expression:
        try:
            found = _compiled(rule.message_expression).execute(context)
        except _FAILURES:
            found = ""
        if isinstance(found, str) and found.strip():
            return found
    return rule.message or f"failed rule: {rule.rule.strip()}"


def _said(rule: Rule, message: str, where: str) -> Cause:
    match rule.reason:
        case "FieldValueForbidden":
            return Cause(rule.reason, f"Forbidden: {message}", where)
        case "FieldValueRequired":
            return Cause(rule.reason, f"Required value: {message}", where)
        case "FieldValueDuplicate":
            return Cause(rule.reason, f"Duplicate value: {message}", where)
        case _:
            return Cause("FieldValueInvalid", f"Invalid value: {message}", where)
