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


def suffix(*facts: object) -> str:
    """Five characters, the same for the same facts."""
    digest = hashlib.sha256(" ".join(str(fact) for fact in facts).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:_SUFFIX])


def generated(base: str, *facts: object) -> str:
    """``base``, cut so that the whole fits a label, and the suffix of ``facts``."""
    return base[: _LONGEST - _SUFFIX] + suffix(*facts)
