"""Formats of texts that schemas may name, as kube-openapi reads them; others are not minded."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import urllib.parse
from collections.abc import Callable
from datetime import date, datetime

from virtctl.wire.quantities import QuantityError, parse_duration

_MAC = re.compile(
    r"([0-9a-f]{2}([:-])[0-9a-f]{2}(?:\2[0-9a-f]{2}){4}(?:(?:\2[0-9a-f]{2}){2})?)"
    r"|[0-9a-f]{4}(\.[0-9a-f]{4}){2}(\.[0-9a-f]{4})?",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>\s*")
_PERIOD = re.compile(
    r"\d+\s*(ns|nano\w*|us|µs|micro\w*|ms|milli\w*|s|sec\w*|m|min\w*|h|hr|hour\w*|d|day\w*|w|wk"
    r"|week\w*)\b",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"[a-zA-Z0-9](-?[a-zA-Z0-9]{0,62})?|([a-zA-Z0-9]([-\w]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}"
)
_COLOR = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NO_DIGIT = re.compile(r"\D")


def has_format(form: str, value: str) -> bool:
    """Whether ``value`` has the format; those that aren't known fit always."""
    reads = _FORMATS.get(form.replace("-", ""))
    if reads is None:
        return True
    try:
        return reads(value)
    except (ValueError, QuantityError):
        return False


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a reader gets along with a value; it raises ``ValueError`` otherwise."""

    def fits(value: str) -> bool:
        read(value)
        return True

    return fits


def _fits(pattern: str | re.Pattern[str]) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _uuid(version: str = "[0-9a-f]", variant: str = "[0-9a-f]") -> Callable[[str], bool]:
    groups = ("[0-9a-f]{8}", "[0-9a-f]{4}", f"{version}[0-9a-f]{{3}}", f"{variant}[0-9a-f]{{3}}")
    return _fits(re.compile("-?".join((*groups, "[0-9a-f]{12}")), re.IGNORECASE))


def _time(value: str) -> bool:
    if not re.match(r"\d{4}-\d\d-\d\d[Tt]", value):
        return False
    return datetime.fromisoformat(value.upper()).tzinfo is not None


def _ipv4(value: str) -> bool:
    return bool(ipaddress.IPv4Address(re.sub(r"\b0+(?=\d)", "", value)))


def _cidr(value: str) -> bool:
    ipaddress.ip_interface(value)
    return "/" in value


def _duration(value: str) -> bool:
    if _PERIOD.search(value):
        return True
    parse_duration(value)
    return True


def _uri(value: str) -> bool:
    parts = urllib.parse.urlsplit(value)
    return bool(parts.scheme or value.startswith("/")) and " " not in value.partition("?")[0]


def _hostname(value: str) -> bool:
    return _HOST.fullmatch(value) is not None and all(len(one) < 64 for one in value.split("."))


def _color(value: str) -> bool:
    found = _COLOR.fullmatch(value)
    return found is not None and all(int(part) < 256 for part in found.groups())


def _byte(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _isbn10(value: str) -> bool:
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"\d{9}[\dX]", digits):
        return False
    numbers = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((10 - place) * number for place, number in enumerate(numbers)) % 11 == 0


def _isbn13(value: str) -> bool:
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"\d{13}", digits):
        return False
    return sum(int(digit) * (1 + place % 2 * 2) for place, digit in enumerate(digits)) % 10 == 0


def _card(value: str) -> bool:
    """The check digit of card numbers, after Luhn."""
    digits = [int(digit) for digit in _NO_DIGIT.sub("", value)]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 16 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_FORMATS: dict[str, Callable[[str], bool]] = {
    "datetime": _time,
    "date": _reads(date.fromisoformat),
    "ipv4": _ipv4,
    "ipv6": _reads(ipaddress.IPv6Address),
    "cidr": _cidr,
    "uuid": _uuid(),
    "uuid3": _uuid("3"),
    "uuid4": _uuid("4", "[89ab]"),
    "uuid5": _uuid("5", "[89ab]"),
    "duration": _duration,
    "byte": _byte,
    "mac": _fits(_MAC),
    "email": _fits(_EMAIL),
    "uri": _uri,
    "hostname": _hostname,
    "hexcolor": _fits(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _color,
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "isbn": lambda value: _isbn10(value) or _isbn13(value),
    "creditcard": _card,
    "ssn": _fits(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "bsonobjectid": _fits(r"[0-9a-f]{24}"),
    "k8sshortname": lambda value: len(value) < 64 and re.fullmatch(_LABEL, value) is not None,
    "k8slongname": lambda value: (
        len(value) < 254 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", value) is not None
    ),
}
