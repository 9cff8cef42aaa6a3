"""Names of the shape that the API server generates, made from what is known. Pure.

Kubernetes draws the five characters at random. Made from the owner's uid they can be told before
the object is created, and creating it twice makes one object.
"""

from __future__ import annotations

import hashlib

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Of apimachinery's generated names: no vowels, and nothing that looks alike."""

_LONGEST = 63
_SUFFIX = 5
_HASHED = 8  # hexadecimal digits
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


def suffix(*facts: object) -> str:
    """Five characters, the same for the same facts."""
    digest = hashlib.sha256(" ".join(str(fact) for fact in facts).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:_SUFFIX])


def generated(base: str, *facts: object) -> str:
    """``base``, cut so that the whole fits a label, and the suffix of ``facts``."""
    return base[: _LONGEST - _SUFFIX] + suffix(*facts)


def joined(base: str, end: str, longest: int = _LONGEST) -> str:
    """``base`` and ``end`` with a dash between them, cut with a hash where that is too long.

    KubeVirt and CDI name what belongs to an object so (library-go, pkg/build/naming).
    """
    name = f"{base}-{end}"
    if len(name) <= longest:
        return name
    room = longest - _HASHED - 2 - len(end)
    if room <= 0:
        return f"{base[: longest - _HASHED - 1]}-{_fnv(name)}"
    return f"{base[:room]}-{_fnv(base)}-{end}"


def _fnv(text: str) -> str:
    """The 32 bits of FNV-1a, a hash that no secret hangs on."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME % (1 << 32)
    return f"{value:08x}"
