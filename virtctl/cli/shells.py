"""Completion scripts: commands and flags stand in them, names are asked of ``virtctl __complete``.

The scripts lie in ``scripts``, with marks like ``@FLAGS@``; what takes their place comes from
``scripts/table.json``, which is generated from the registry.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SHELLS = ("bash", "zsh", "fish", "powershell")
FILES = {
    "virtctl.bash": "bash",
    "virtctl.zsh": "zsh",
    "virtctl.fish": "fish",
    "virtctl.ps1": "powershell",
}
TABLE = Path(__file__).parent / "scripts/table.json"


class Offer(NamedTuple):
    """A word and what it is for; the text may be empty."""

    word: str
    text: str


class Place(NamedTuple):
    """What may follow the words ``path``. A group takes nothing but one of its words."""

    path: str
    words: list[Offer]
    flags: list[Offer]
    is_group: bool


class Table(NamedTuple):
    """All places, and the flags that may stand everywhere."""

    places: list[Place]
    common: list[Offer]

    def dump(self) -> str:
        """As the file's text: one line for each place."""
        rows = ",\n".join(json.dumps(place) for place in self.places)
        return f'{{"common": {json.dumps(self.common)},\n"places": [\n{rows}\n]}}\n'

    @classmethod
    def load(cls, text: str, *, describe: bool) -> Table:
        """The inverse of ``dump``; without descriptions on demand."""

        def offers(rows: list[list[str]]) -> list[Offer]:
            return [Offer(word, text if describe else "") for word, text in rows]

        found = json.loads(text)
        places = [
            Place(path, offers(words), offers(flags), is_group)
            for path, words, flags, is_group in found["places"]
        ]
        return cls(places, offers(found["common"]))


class Syntax(NamedTuple):
    """How a shell writes a case for a path, and a list of offers."""

    case: Callable[[str, str], str]
    offers: Callable[[list[Offer]], str]


def script(shell: str, *, describe: bool, table: str | None = None) -> str:
    """The script of ``shell``; without descriptions it offers names alone.

    ``table`` is the text of ``TABLE``, read from there by default.
    """
    text = (TABLE.parent / shell).read_text()
    syntax = _SYNTAX.get(shell)
    if syntax is not None:
        known = Table.load(table or TABLE.read_text(), describe=describe)
        for mark, part in _parts(known, syntax).items():
            text = text.replace(f"@{mark}@", part)
    return text if describe else text.replace("__complete ", "__completeNoDesc ")


def _parts(table: Table, syntax: Syntax) -> dict[str, str]:
    groups = [_quoted(f"/{place.path}") for place in table.places if place.is_group]
    return {
        "WORDS": "\n".join(
            syntax.case(place.path, syntax.offers(place.words))
            for place in table.places
            if place.words
        ),
        "FLAGS": "\n".join(
            syntax.case(place.path, syntax.offers(place.flags)) for place in table.places
        ),
        "GLOBAL": syntax.offers(table.common),
        "GROUPS": (" " if syntax is _FISH else " | ").join(groups),
    }


def _quoted(word: str) -> str:
    """In single quotes, as bash and zsh read them."""
    return "'" + word.replace("'", r"'\''") + "'"


def _fish_quoted(word: str) -> str:
    """In single quotes, where fish reads two escapes."""
    return "'" + word.replace("\\", r"\\").replace("'", r"\'") + "'"


def _zsh_offers(offers: list[Offer]) -> str:
    return "\n".join(f"        {_quoted(':'.join(filter(None, offer)))}" for offer in offers)


def _fish_offers(offers: list[Offer]) -> str:
    rows = (
        _fish_quoted(offer.word) + (r"\t" + _fish_quoted(offer.text) if offer.text else "")
        for offer in offers
    )
    return " \\\n".join(f"                {row}" for row in rows)


_BASH = Syntax(
    lambda path, offers: f"    {_quoted(path)}) REPLY='{offers}' ;;",
    lambda offers: " ".join(offer.word for offer in offers),
)
_ZSH = Syntax(
    lambda path, offers: f"    ({_quoted(path)}) offers=(\n{offers}\n        ) ;;", _zsh_offers
)
_FISH = Syntax(
    lambda path, offers: (
        f"        case {_fish_quoted(path)}\n"
        + (f"            printf '%s\\n' \\\n{offers}" if offers else "            true")
    ),
    _fish_offers,
)
_SYNTAX = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
