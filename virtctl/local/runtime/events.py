"""Announcements to core/v1 Event objects, the same one said again counted up.

Events are named as client-go names them, by their object and the time in hexadecimal nanoseconds,
so that a list of them is in the order in which they came. Which event says a thing is remembered,
and read from the stored events after a start, so that a restarted daemon goes on counting.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import TypeAlias
from weakref import WeakKeyDictionary

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime.changes import Announce
from virtctl.local.runtime.times import stamp
from virtctl.models import documents
from virtctl.models.documents import Document, integer, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import EVENT
from virtctl.wire.patches import merge_patch

LIFETIME = 3600.0  # kube-apiserver's --event-ttl


_KNOWN = 4096  # events that are remembered, as client-go does
_BILLION = 1_000_000_000

_Facts: TypeAlias = tuple[str, ...]


class _Book:
    """Names of the events that say something, those last said at the end."""

    def __init__(self, stored: list[Document]) -> None:
        self._names: OrderedDict[_Facts, str] = OrderedDict()
        self._last = 0
        for event in stored:
            self.note(_facts(event), name_of(event))

    def name(self, facts: _Facts) -> str:
        """The event that says so, empty when none is known."""
        return self._names.get(facts, "")

    def note(self, facts: _Facts, name: str) -> None:
        """Remember the event of that name."""
        self._names[facts] = name
        self._names.move_to_end(facts)
        if len(self._names) > _KNOWN:
            self._names.popitem(last=False)

    def moment(self, now: float) -> int:
        """``now`` in nanoseconds, later than all that were given."""
        self._last = max(self._last + 1, int(now * _BILLION))
        return self._last


_books: WeakKeyDictionary[ApiService, _Book] = WeakKeyDictionary()


def record(service: ApiService, said: Announce, component: str, now: float, host: str = "") -> None:
    """Store ``said`` as an event of ``component``; a failure to do so is nobody's failure."""
    book = _books.get(service)
    if book is None:
        book = _books[service] = _Book(service.list(EVENT).items)
    event = build(said, component, now, host)
    facts, namespace = _facts(event), namespace_of(event)
    with contextlib.suppress(ApiError):
        name = book.name(facts)
        if name and _count_up(service, namespace, name, now):
            book.note(facts, name)
            return
        name = f"{name_of(said.about)}.{book.moment(now):x}"
        documents.put(event, name, "metadata", "name")
        service.create(EVENT, namespace, event)
        book.note(facts, name)


def _count_up(service: ApiService, namespace: str, name: str, now: float) -> bool:
    """Say an event again; False when it is gone."""
    try:
        known = service.get(EVENT, namespace, name)
    except NotFound:
        return False
    count = integer(known, "count", default=1) + 1
    body: Document = {"count": count, "lastTimestamp": stamp(now)}
    service.patch(EVENT, namespace, name, merge_patch(body))
    return True


def _facts(event: Document) -> _Facts:
    """What makes an event the same one."""
    paths = (
        ("involvedObject", "uid"), ("source", "component"), ("source", "host"), ("type",),
        ("reason",), ("message",),
    )  # fmt: skip
    return (namespace_of(event), *(text(event, *path) for path in paths))


def build(said: Announce, component: str, now: float, host: str = "") -> Document:
    """The event's document, first of its kind; ``record`` gives it its name."""
    kind = "Warning" if said.warning else "Normal"
    about = said.about
    source: Document = {"component": component}
    if host:
        source["host"] = host
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": namespace_of(about) or "default"},
        "involvedObject": _reference(about),
        "type": kind,
        "reason": said.reason,
        "message": said.message,
        "source": source,
        "reportingComponent": component,
        "reportingInstance": host,
        "firstTimestamp": stamp(now),
        "lastTimestamp": stamp(now),
        "count": 1,
    }


def _reference(about: Document) -> Document:
    """``core/v1 ObjectReference`` of ``about``."""
    reference: Document = {
        "apiVersion": text(about, "apiVersion"),
        "kind": text(about, "kind"),
        "name": name_of(about),
        "uid": uid_of(about),
        "resourceVersion": text(about, "metadata", "resourceVersion"),
    }
    if namespace_of(about):
        reference["namespace"] = namespace_of(about)
    return {key: value for key, value in reference.items() if value}
