"""``KIND[,KIND] [NAME...]`` and ``KIND/NAME...`` as ``get`` and ``delete`` take them."""

from __future__ import annotations

from typing import NamedTuple

from virtctl.cli.session import Session
from virtctl.client.resources import discover, kind_for_word
from virtctl.errors import UsageError
from virtctl.models.kinds import KINDS, Kind


class Wanted(NamedTuple):
    """A kind and names of it; none means all."""

    kind: Kind
    names: list[str]


def read(session: Session, words: list[str], *, needs_name: bool) -> list[Wanted]:
    """What the words ask for. Raises ``UsageError`` for unknown kinds and missing names."""
    if not words:
        raise UsageError("missing argument KIND", "as in `virtctl get vm`")
    if any("/" in word for word in words):
        return _slashed(session, words)
    kinds = [kind for word in words[0].split(",") if word for kind in _kinds(session, word)]
    names = words[1:]
    if needs_name and not names:
        raise UsageError("missing argument NAME", "name some, or give --selector or --all")
    return [Wanted(kind, names) for kind in kinds]


def _kinds(session: Session, word: str) -> list[Kind]:
    if word != "all":
        return [kind_for_word(session.rest, word)]
    found = [kind for kind in discover(session.rest) if "all" in kind.categories]
    return found or [kind for kind in KINDS if "all" in kind.categories]


def _slashed(session: Session, words: list[str]) -> list[Wanted]:
    found: list[Wanted] = []
    for word in words:
        kind, slash, name = word.partition("/")
        if not slash or not kind or not name:
            raise UsageError(f"`{word}` must be KIND/NAME as the others are")
        found.append(Wanted(kind_for_word(session.rest, kind), [name]))
    return found
