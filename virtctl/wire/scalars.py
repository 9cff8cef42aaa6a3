"""What plain YAML scalars mean to kubectl, for reading and for knowing when to quote.

Its reader is YAML 1.1 without timestamps and base-60 numbers; ``1e3`` is a number there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = "yes Yes YES no No NO true True TRUE false False FALSE on On ON off Off OFF"
_SCALARS = (
    ("bool", _WORDS.replace(" ", "|"), "yYnNtTfFoO"),
    (
        "int",
        r"[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+",
        "-+0123456789",
    ),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", "~nN"),
)


def resolvers() -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """First character, YAML tag and pattern, as PyYAML's implicit resolvers want them."""
    for name, pattern, first in _SCALARS:
        for character in [*first, *([""] if name == "null" else [])]:
            yield character, f"tag:yaml.org,2002:{name}", re.compile(f"^(?:{pattern})$")
