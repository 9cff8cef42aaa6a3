"""Names, label keys and label values: what is allowed, in the words that clients match on."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_LABEL_RE, _SUBDOMAIN_RE = re.compile(rf"{_LABEL}\Z"), re.compile(rf"{_SUBDOMAIN}\Z")
_QUALIFIED_RE, _VALUE_RE = re.compile(rf"{_QUALIFIED}\Z"), re.compile(rf"{_VALUE}\Z")

LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{_LABEL}')"
)
SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_QUALIFIED_MESSAGE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_QUALIFIED}')"
)
_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    f"or '12345', regex used for validation is '{_VALUE}')"
)


def label_problems(value: str) -> Iterator[str]:
    """Why ``value`` is no DNS label (RFC 1123)."""
    if len(value) > 63:
        yield "must be no more than 63 bytes"
    if not _LABEL_RE.match(value):
        yield LABEL_MESSAGE


def subdomain_problems(value: str) -> Iterator[str]:
    """Why ``value`` is no DNS subdomain (RFC 1123)."""
    if len(value) > 253:
        yield "must be no more than 253 bytes"
    if not _SUBDOMAIN_RE.match(value):
        yield SUBDOMAIN_MESSAGE


def qualified_problems(value: str) -> Iterator[str]:
    """Why ``value`` is no qualified name, such as a label's key."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        yield (
            f"a qualified name {_QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {problem}" for problem in subdomain_problems(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not _QUALIFIED_RE.match(name):
        yield f"name part {_QUALIFIED_MESSAGE}"


def value_problems(value: str) -> Iterator[str]:
    """Why ``value`` is no label value."""
    if len(value) > 63:
        yield "must be no more than 63 bytes"
    if not _VALUE_RE.match(value):
        yield _VALUE_MESSAGE


def port_name_problems(value: str) -> Iterator[str]:
    """Why ``value`` is no port name: at most 15 characters with at least one letter."""
    if len(value) > 15:
        yield "must be no more than 15 characters long"
    if not re.fullmatch(r"[-a-z0-9]+", value):
        yield "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not re.search(r"[a-z]", value):
        yield "must contain at least one letter (a-z)"
    if "--" in value:
        yield "must not contain consecutive hyphens"
    if value.startswith("-") or value.endswith("-"):
        yield "must not begin or end with a hyphen"
