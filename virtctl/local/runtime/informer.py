"""List, then watch, one kind into a local index by owner.

What is kept of an object is the value that the store holds of it anyway: many informers of a kind
cost little more than one. It is decoded for who wants to see it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from virtctl.errors import ApiError
from virtctl.local.api.contract import ListOptions
from virtctl.local.api.feed import Feed
from virtctl.local.api.service import ApiService
from virtctl.local.runtime.owners import references
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import Kind
from virtctl.wire.selectors import Selection

log = logging.getLogger(__name__)

RELIST_DELAY = 1.0  # seconds between the end of a watch and the next list

_decoder = msgspec.json.Decoder(dict)


@dataclass(frozen=True)
class Seen:
    """One observation: ``new`` is None when the object is gone, ``before`` when it is new.

    ``before`` is the object as it was, as stored; when it is gone, as it was last.
    """

    kind: Kind
    before: bytes | None
    new: Document | None

    @cached_property
    def old(self) -> Document | None:
        """The object as it was; None when it is new."""
        return None if self.before is None else _decoder.decode(self.before)

    @property
    def latest(self) -> Document:
        """The object as it is or last was."""
        found = self.new if self.new is not None else self.old
        if found is None:
            raise AssertionError("an observation has an object")
        return found


def key_of(document: Document) -> Key:
    """Namespace and name of an object."""
    return Key(namespace_of(document), name_of(document))


class Informer:
    """The objects of one kind as last seen. ``run`` keeps them current until cancelled."""

    def __init__(self, service: ApiService, kind: Kind, notify: Callable[[Seen], None]) -> None:
        self.kind = kind
        self._service = service
        self._notify = notify
        self._values: dict[Key, bytes] = {}
        self._owners: dict[Key, tuple[str, ...]] = {}
        self._owned: dict[str, set[Key]] = {}
        self._missed = False

    def owned_by(self, uid: str) -> Iterator[Document]:
        """The objects with an owner reference to ``uid``, in the order of their names."""
        keys = sorted(self._owned.get(uid, ()))
        return iter([_decoder.decode(self._values[key]) for key in keys])

    async def run(self) -> None:
        """List and watch, again and again; a watch that fell behind is a new list."""
        while True:
            try:
                await self._list_and_watch()
            except ApiError as error:
                log.warning("watching %s: %s", self.kind.plural, error)
            await asyncio.sleep(RELIST_DELAY)

    async def _list_and_watch(self) -> None:
        feed = self._listed()
        try:
            self._missed = False
            while (found := await feed.batch()) is not None:
                for delivery in found:
                    if delivery.type == "ERROR":
                        self._missed = True
                        return
                    document = _decoder.decode(delivery.value)
                    if delivery.type == "DELETED":
                        self._remove(key_of(document), delivery.value)
                    else:
                        self._put(document, delivery.value)
        finally:
            feed.close()

    def _listed(self) -> Feed:
        """Look at what there is; what comes then. The list is kept by nobody."""
        page = self._service.page(self.kind, None, ListOptions())
        feed = self._service.feed(self.kind, None, Selection(), since=page.revision)
        try:
            self._replace(page.values)
        except BaseException:
            feed.close()
            raise
        return feed

    def _replace(self, values: list[bytes]) -> None:
        gone = set(self._values)
        for value in values:
            document = _decoder.decode(value)
            gone.discard(key_of(document))
            self._renew(document, value)
        for key in gone:
            self._remove(key, self._values[key])

    def _renew(self, document: Document, value: bytes) -> None:
        """Take over what a list shows of an object, which may be new, or changed meanwhile."""
        key = key_of(document)
        known = self._values.get(key)
        if known != value:
            if known is not None and uid_of(_decoder.decode(known)) != uid_of(document):
                self._remove(key, known)
            self._put(document, value)
        elif self._missed:
            # What was decided about it may have been taken back by a failed commit.
            self._notify(Seen(self.kind, known, document))

    def _put(self, document: Document, value: bytes) -> None:
        key = key_of(document)
        old = self._values.get(key)
        self._values[key] = value
        self._index(key, tuple(text(one, "uid") for one in references(document)))
        self._notify(Seen(self.kind, old, document))

    def _remove(self, key: Key, last: bytes) -> None:
        if self._values.pop(key, None) is not None:
            self._index(key, ())
            self._notify(Seen(self.kind, last, None))

    def _index(self, key: Key, owners: tuple[str, ...]) -> None:
        """``key`` is owned by ``owners`` and by nobody else."""
        for owner in self._owners.pop(key, ()):
            members = self._owned[owner]
            members.discard(key)
            if not members:
                del self._owned[owner]
        for owner in owners:
            self._owned.setdefault(owner, set()).add(key)
        if owners:
            self._owners[key] = owners
