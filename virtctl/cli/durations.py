"""Durations on the command line: ``90``, ``90s``, ``5m``, ``1h30m``, ``500ms``."""

from __future__ import annotations

import re

from virtctl.errors import UsageError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str, flag: str) -> float:
    """Seconds in ``text``; a bare number is seconds. Raises ``UsageError`` naming ``flag``."""
    word = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", word):
        return float(word)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", word)
    if not parts or "".join(number + unit for number, unit in parts) != word:
        raise UsageError(
            f"invalid timeout `{text}` for flag `{flag}`", "write it as `90s`, `5m` or `1h30m`"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
