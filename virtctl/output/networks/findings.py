"""What was looked at on the way of a machine's frames, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from virtctl.models.documents import Document

GOOD, BAD, UNKNOWN = "ok", "fails", "unknown"
_MARKS = {GOOD: "ok  ", BAD: "FAIL", UNKNOWN: "?   "}


class Finding(NamedTuple):
    """One thing that was looked at; ``state`` is ok, fails or unknown."""

    nic: str
    hop: str
    check: str
    state: str
    said: str
    remedy: str = ""

    def document(self) -> Document:
        """As data."""
        found = dict(zip(self._fields, self, strict=True))
        return {"message" if key == "said" else key: value for key, value in found.items() if value}


def first_bad(findings: Iterable[Finding]) -> Finding | None:
    """The first that fails."""
    return next((one for one in findings if one.state == BAD), None)


def lines(name: str, findings: Iterable[Finding]) -> Iterator[str]:
    """Findings for people, the verdict last."""
    found = list(findings)
    for one in found:
        where = ": ".join(filter(None, (one.nic, one.hop)))
        yield f"{_MARKS[one.state]} {where}: {one.check}: {one.said}"
        if one.remedy and one.state != GOOD:
            yield f"     hint: {one.remedy}"
    bad = first_bad(found)
    if bad is None:
        yield f"{name}: nothing fails"
    else:
        where = " of ".join(filter(None, (bad.hop, bad.nic)))
        yield f"{name}: the first that fails is {where}: {bad.said}"
