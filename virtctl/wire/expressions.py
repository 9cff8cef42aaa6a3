r"""Random values from patterns like ``vm-[a-z0-9]{8}``, as templates' parameters ask for them.

What stands in brackets and has a length is replaced: ranges, single characters, ``\w`` (letters,
digits, underscore), ``\d`` (digits), ``\a`` (letters, digits), ``\A`` (punctuation).
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from virtctl.errors import VirtctlError

_PART = re.compile(r"\[([a-zA-Z0-9\-\\]+)\]\{([0-9]+)\}")
_RANGE = re.compile(r"\\[a-zA-Z0-9]|[a-zA-Z0-9]-[a-zA-Z0-9]|[a-zA-Z0-9]")
_LONGEST = 255
_ALPHANUMERIC = string.ascii_letters + string.digits
_CLASSES = {
    "\\w": _ALPHANUMERIC + "_",
    "\\d": string.digits,
    "\\a": _ALPHANUMERIC,
    "\\A": string.punctuation,
}


def generate(pattern: str, random: Callable[[int], bytes]) -> str:
    """A value; ``random`` gives bytes. Raises ``VirtctlError`` naming the part that is wrong."""

    def replaced(found: re.Match[str]) -> str:
        length = int(found.group(2))
        if not 1 <= length <= _LONGEST:
            raise VirtctlError(
                f"`{found.group(0)}` has length {length}; it must be 1 to {_LONGEST}"
            )
        return _draw(_alphabet(found.group(1)), length, random)

    return _PART.sub(replaced, pattern)


def _alphabet(inside: str) -> str:
    found = ""
    for part in _RANGE.findall(inside):
        if part.startswith("\\"):
            if part not in _CLASSES:
                raise VirtctlError(f"`{part}` in `[{inside}]` is no class of characters")
            found += _CLASSES[part]
        elif len(part) == 3:
            found += _between(part[0], part[2], inside)
        else:
            found += part
    if not found:
        raise VirtctlError(f"`[{inside}]` allows no character")
    return "".join(dict.fromkeys(found))


def _between(first: str, last: str, inside: str) -> str:
    if first > last:
        raise VirtctlError(f"`{first}-{last}` in `[{inside}]` goes backwards")
    letters = (chr(code) for code in range(ord(first), ord(last) + 1))
    return "".join(letter for letter in letters if letter in _ALPHANUMERIC)


def _draw(alphabet: str, length: int, random: Callable[[int], bytes]) -> str:
    """Characters drawn evenly: bytes that would favour the first ones are thrown away."""
    fair = 256 - 256 % len(alphabet)
    drawn = ""
    while len(drawn) < length:
        for byte in random(length - len(drawn)):
            if byte < fair:
                drawn += alphabet[byte % len(alphabet)]
    return drawn
