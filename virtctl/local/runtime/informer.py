"""List, then watch, one kind into a local index by namespace and owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from virtctl.errors import ApiError
from virtctl.local.api.service import ApiService, Watch
from virtctl.local.runtime.owners import references
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, name_of, namespace_of, text, uid_of
from virtctl.models.kinds import Kind

log = logging.getLogger(__name__)

RELIST_DELAY = 1.0  # seconds between the end of a watch and the next list


@dataclass(frozen=True)
class Seen:
    """One observation: ``new`` is None when the object is gone, ``old`` when it is new."""

    kind: Kind
    old: Document | None
    new: Document | None

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


def _whole(document: Document) -> Document:
    return document


class Informer:
    """The objects of one kind as last seen. ``run`` keeps them current until cancelled.

    ``keep`` picks what is kept of each; metadata must be.
    """

    def __init__(
        self,
        service: ApiService,
        kind: Kind,
        notify: Callable[[Seen], None],
        keep: Callable[[Document], Document] = _whole,
    ) -> None:
        self.kind = kind
        self._keep = keep
        self._service = service
        self._notify = notify
        self._objects: dict[Key, Document] = {}
        self._namespaces: dict[str, set[Key]] = {}
        self._owned: dict[str, set[Key]] = {}
        self._missed = False
        self.synced = asyncio.Event()

    def get(self, key: Key) -> Document | None:
        """The object of ``key``."""
        return self._objects.get(key)

    def all(self) -> Iterator[Document]:
        """Every object, in the order of their names."""
        return iter([self._objects[key] for key in sorted(self._objects)])

    def in_namespace(self, namespace: str) -> Iterator[Document]:
        """The objects of one namespace."""
        keys = sorted(self._namespaces.get(namespace, ()))
        return iter([self._objects[key] for key in keys])

    def owned_by(self, uid: str) -> Iterator[Document]:
        """The objects with an owner reference to ``uid``."""
        return iter([self._objects[key] for key in sorted(self._owned.get(uid, ()))])

    async def run(self) -> None:
        """List and watch, again and again; a watch that fell behind is a new list."""
        while True:
            try:
                await self._list_and_watch()
            except ApiError as error:
                log.warning("watching %s: %s", self.kind.plural, error)
            await asyncio.sleep(RELIST_DELAY)

    async def _list_and_watch(self) -> None:
        stream = self._listed()
        try:
            self._missed = False
            self.synced.set()
            async for event in stream:
                if event.type == "ERROR":
                    self._missed = True
                    return
                if event.type in {"ADDED", "MODIFIED"}:
                    self._put(event.object)
                elif event.type == "DELETED":
                    self._remove(event.object)
        finally:
            stream.close()

    def _listed(self) -> Watch:
        """Look at what there is; what comes then. The list is kept by nobody."""
        listing = self._service.list(self.kind)
        stream = self._service.watch(self.kind, since=listing.resource_version)
        try:
            self._replace(listing.items)
        except BaseException:
            stream.close()
            raise
        return stream

    def _replace(self, documents: list[Document]) -> None:
        listed = {key_of(document) for document in documents}
        for key in [key for key in self._objects if key not in listed]:
            self._remove(self._objects[key])
        for document in documents:
            known = self._objects.get(key_of(document))
            if known is None or _revision(known) != _revision(document):
                self._put(document)
            elif self._missed:
                # What was decided about it may have been taken back by a failed commit.
                self._notify(Seen(self.kind, known, known))

    def _put(self, document: Document) -> None:
        document = self._keep(document)
        key = key_of(document)
        old = self._objects.get(key)
        if old is not None and uid_of(old) != uid_of(document):
            self._remove(old)
            old = None
        if old is not None:
            self._unindex(key, old)
        self._objects[key] = document
        self._namespaces.setdefault(key.namespace, set()).add(key)
        for reference in references(document):
            self._owned.setdefault(text(reference, "uid"), set()).add(key)
        self._notify(Seen(self.kind, old, document))

    def _remove(self, document: Document) -> None:
        key = key_of(document)
        old = self._objects.pop(key, None)
        if old is not None:
            self._unindex(key, old)
            self._notify(Seen(self.kind, document, None))

    def _unindex(self, key: Key, old: Document) -> None:
        for index, group in (
            (self._namespaces, key.namespace),
            *((self._owned, text(reference, "uid")) for reference in references(old)),
        ):
            members = index.get(group)
            if members is not None:
                members.discard(key)
                if not members:
                    del index[group]


def _revision(document: Document) -> int:
    return int(text(document, "metadata", "resourceVersion", default="0"))
