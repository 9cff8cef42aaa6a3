"""Conditions of a status: merged so that order and transition times are kept.

A condition that is already there stays at its place, and its ``lastTransitionTime`` moves only when
its ``status`` does, so that a status which says the same is the same document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, JsonValue, objects, text


def condition(kind: str, status: str, *, reason: str = "", message: str = "") -> Document:
    """A condition without a time; ``status`` is True, False or Unknown."""
    made: Document = {"type": kind, "status": status}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made


def find_condition(document: Document, kind: str) -> Document | None:
    """The condition ``kind`` of an object's ``status.conditions``."""
    for known in objects(document, "status", "conditions"):
        if text(known, "type") == kind:
            return known
    return None


def holds(document: Document, kind: str) -> bool:
    """Whether the condition ``kind`` is there and True."""
    known = find_condition(document, kind)
    return known is not None and text(known, "status") == "True"


def merged(
    known: Iterable[Document], wanted: Iterable[Document], now: float, *, drop: Iterable[str] = ()
) -> list[JsonValue]:
    """``known`` with ``wanted`` put in their places and the types in ``drop`` removed."""
    gone = set(drop)
    result = [dict(old) for old in known if text(old, "type") not in gone]
    for new in wanted:
        position = _position(result, text(new, "type"))
        if position is None:
            since: Document = {"lastTransitionTime": stamp(now)}
            result.append(since | new)
        else:
            result[position] = _replaced(result[position], new, now)
    return list(result)


def beating(known: Iterable[Document], wanted: Iterable[Document], now: float) -> list[JsonValue]:
    """As ``merged``, with CDI's ``lastHeartbeatTime``: when anything of a condition changed."""
    before = {text(one, "type"): one for one in known}
    return [*_beats(merged(before.values(), wanted, now), before, now)]


def _beats(
    conditions: Iterable[JsonValue], before: dict[str, Document], now: float
) -> Iterator[Document]:
    for one in conditions:
        if isinstance(one, dict):
            old = dict(before.get(text(one, "type"), {}))
            beat = text(old, "lastHeartbeatTime") or stamp(now)
            old.pop("lastHeartbeatTime", None)
            new = {key: value for key, value in one.items() if key != "lastHeartbeatTime"}
            yield {**new, "lastHeartbeatTime": beat if old == new else stamp(now)}


def _position(conditions: list[Document], kind: str) -> int | None:
    for position, known in enumerate(conditions):
        if text(known, "type") == kind:
            return position
    return None


def _replaced(old: Document, new: Document, now: float) -> Document:
    moved = text(old, "status") != text(new, "status")
    since = stamp(now) if moved else text(old, "lastTransitionTime", default=stamp(now))
    kept = {key: value for key, value in old.items() if key == "lastProbeTime"}
    return {"lastTransitionTime": since, **kept} | new
