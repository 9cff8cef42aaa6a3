"""Repeated ``KEY=VALUE`` flags, as pflag reads them."""

from __future__ import annotations

from virtctl.cli.csvline import fields
from virtctl.errors import UsageError


def string_map(words: list[str], flag: str) -> dict[str, str]:
    """All pairs; of equal keys the last counts. Raises ``UsageError`` naming ``flag``.

    A word with one ``=`` is one pair, commas belong to its value; with more it is a line of CSV,
    whose quotes keep commas.
    """
    found: dict[str, str] = {}
    for word in words:
        rows = [word.strip('"')] if word.count("=") == 1 else _rows(word, flag)
        for pair in rows:
            key, equals, value = pair.partition("=")
            if not equals:
                raise _bad(pair, flag)
            found[key] = value
    return found


def _rows(word: str, flag: str) -> list[str]:
    try:
        return fields(word) or [""]
    except ValueError as error:
        raise UsageError(f"invalid argument `{word}` for flag `{flag}`: {error}") from None


def _bad(word: str, flag: str) -> UsageError:
    return UsageError(f"invalid argument `{word}` for flag `{flag}`: must be KEY=VALUE")
