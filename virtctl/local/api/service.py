"""``ApiService``: the one door to stored objects, for HTTP and controllers alike.

The same admission, the same revisions, whoever calls. All methods but ``Watch`` iteration are
synchronous: the store commits in well under a millisecond, and so a read-modify-write needs no
lock.
Documents that come out are the caller's own to change.
"""

from __future__ import annotations

import random
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import TypeAlias, TypeVar, cast

import msgspec

from virtctl.errors import (
    BadRequest,
    Cause,
    Conflict,
    Forbidden,
    Gone,
    InternalError,
    StatusDetails,
)
from virtctl.local.api import catalog, objects, paging
from virtctl.local.api.contract import (
    CONTROLLER,
    Actor,
    DeleteOptions,
    Listing,
    ListOptions,
    Patch,
    Removal,
    Watch,
    WatchEvent,
    WriteOptions,
)
from virtctl.local.api.feed import Delivery, DocumentWatch, Feed, bookmark, too_old
from virtctl.local.api.hooks import Admit, Admitted, NoSchemas, Schemas, admit_all
from virtctl.local.api.registry import Registry
from virtctl.local.api.selecting import is_selected
from virtctl.local.api.writing import World, Writer, check_replacement, check_revision
from virtctl.local.store.broadcast import TooOld
from virtctl.local.store.log import Change, ChangeType, Key, Record, Unwritable
from virtctl.local.store.revisions import Store
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import DEFINITION, NAMESPACE, Kind
from virtctl.wire import selectors, status
from virtctl.wire.patches import PatchType, parse_type
from virtctl.wire.selectors import Selection

__all__ = [
    "CONTROLLER", "Actor", "ApiService", "DeleteOptions", "Hooks", "ListOptions", "Listing",
    "Page", "Patch", "Removal", "Watch", "WatchEvent", "World", "WriteOptions",
]  # fmt: skip

_PERMANENT = frozenset({"default", "kube-system", "kube-public"})
_decoder = msgspec.json.Decoder(dict)
_Made = TypeVar("_Made")
_Objects: TypeAlias = "list[Document]"
_Records: TypeAlias = "list[tuple[Key, Record]]"


@dataclass(frozen=True)
class Hooks:
    """What the service calls on the way: schemas and admission."""

    schemas: Schemas = field(default_factory=NoSchemas)
    admit: Admit = admit_all


@dataclass(frozen=True)
class Page:
    """A list answer as stored bytes, for HTTP."""

    values: list[bytes]
    revision: int
    continue_token: str = ""
    remaining: int = 0
    records: list[Record] = field(default_factory=list)


def _real_world() -> World:
    return World(
        now=lambda: datetime.now(UTC),
        new_uid=lambda: str(uuid.uuid4()),
        choose=random.choice,
    )


def _key(kind: Kind, namespace: str | None, name: str) -> Key:
    return Key(kind.resource, (namespace or "") if kind.namespaced else "", name)


def _scope(kind: Kind, namespace: str | None) -> str | None:
    return (namespace or None) if kind.namespaced else None


def select(kind: Kind, labels: str, fields: str) -> Selection:
    """The selection that the two query parameters spell. Raises ``BadRequest``."""
    strategy = catalog.strategy_of(kind)
    return Selection(
        selectors.parse_labels(labels),
        selectors.parse_fields(
            fields, strategy.fields, builtin=catalog.is_builtin(kind), places=strategy.places
        ),
    )


class ApiService:
    """Objects of all served kinds over one store."""

    def __init__(
        self,
        store: Store,
        hooks: Hooks | None = None,
        world: World | None = None,
        registry: Registry | None = None,
    ) -> None:
        hooks = hooks or Hooks()
        self.registry = registry or Registry()
        self._store = store
        self._hooks = hooks
        self._world = world or _real_world()
        self._writer = Writer(hooks.schemas, hooks.admit, self._world)
        for _, record in store.all(DEFINITION.resource):
            self.registry.put(self._decode(record.value))

    # Durability

    def group(self) -> None:
        """Commit writes in groups from now on: see ``settled``. Needs a running event loop."""
        self._store.group(self._taken_back)

    async def settled(self) -> None:
        """Wait until all writes are on disk: before one of them is acknowledged to somebody.

        Raises ``InternalError`` when they cannot be, and are taken back.
        """
        if not self._store.unsettled:
            return
        try:
            await self._store.settled()
        except Unwritable as error:
            raise unwritable(error) from error

    @property
    def problem(self) -> str:
        """Why the newest write could not be stored; empty when it could."""
        return self._store.problem

    def _taken_back(self, changes: Sequence[Change]) -> None:
        """Serve the definitions that are stored now."""
        for key in {change.key for change in changes}:
            if key.collection != DEFINITION.resource:
                continue
            record = self._store.get(key)
            if record is None:
                self.registry.drop(key.name)
            else:
                self.registry.put(self._decode(record.value))

    @property
    def revision(self) -> int:
        """The newest resourceVersion."""
        return self._store.revision

    @property
    def told_revision(self) -> int:
        """The newest resourceVersion that watchers are told of."""
        return self._store.durable

    def last_change(self, kind: Kind) -> int:
        """The resourceVersion of the newest change of any object of ``kind``."""
        return self._store.changed(kind.resource)

    # Reading

    def get(self, kind: Kind, namespace: str | None, name: str) -> Document:
        """One object. Raises ``NotFound``."""
        return self._decode(self.read(kind, namespace, name).value)

    def find(self, kind: Kind, namespace: str | None, name: str) -> Document | None:
        """One object, or None when it is not there."""
        record = self._store.get(_key(kind, namespace, name))
        return None if record is None else self._decode(record.value)

    def exists(self, kind: Kind, namespace: str | None, name: str) -> bool:
        """Whether there is such an object."""
        return self._store.get(_key(kind, namespace, name)) is not None

    def read(self, kind: Kind, namespace: str | None, name: str) -> Record:
        """One object as stored. Raises ``NotFound``."""
        record = self._store.get(_key(kind, namespace, name))
        if record is None:
            raise status.not_found(kind, name)
        return record

    def list(  # noqa: PLR0913 - one keyword for each query parameter
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_token: str = "",
        resource_version: str = "",
    ) -> Listing:
        """Objects by namespace and name; ``namespace`` None means all. Raises ``ApiError``."""
        page = self.page(
            kind,
            namespace,
            ListOptions(labels, fields, limit, continue_token, resource_version),
        )
        items = [self._decode(value) for value in page.values]
        return Listing(items, page.revision, page.continue_token, page.remaining)

    def derived(self, kind: Kind, what: Callable[[Document], _Made]) -> Iterator[_Made]:
        """What ``what``, which must be a function of a module, makes of each object of ``kind``.

        It is remembered with the object as long as that does not change, and must not be changed.
        """
        for _, record in self._store.all(kind.resource):
            made = record.encoded.get(what)
            if made is None:
                made = record.encoded[what] = what(self._decode(record.value))
            yield cast("_Made", made)

    def page(self, kind: Kind, namespace: str | None, options: ListOptions) -> Page:
        """As ``list``, as stored bytes. Raises ``BadRequest`` and ``Gone``."""
        selection = select(kind, options.labels, options.fields)
        revision, records = self._snapshot(kind, _scope(kind, namespace), options)
        if selection:
            records = [item for item in records if is_selected(item[1].value, selection)]
        limit = options.limit
        if not limit or len(records) <= limit:
            found = [record for _, record in records]
            return Page([record.value for record in found], revision, records=found)
        rest = len(records) - limit
        last = records[limit - 1][0]
        token = paging.build_token(paging.Position(revision, last.namespace, last.name))
        found = [record for _, record in records[:limit]]
        values = [record.value for record in found]
        return Page(values, revision, token, 0 if selection else rest, found)

    def _snapshot(
        self, kind: Kind, namespace: str | None, options: ListOptions
    ) -> tuple[int, _Records]:
        """The records that a list reads: now, at a revision, or after a position in one."""
        collection = kind.resource
        if options.continue_token:
            position = paging.parse_token(options.continue_token)
            records = self._at(collection, position.revision, namespace)
            after = Key(collection, position.namespace, position.name)
            return position.revision, records[bisect_right(records, after, key=itemgetter(0)) :]
        if options.match == "Exact" or (
            options.limit and options.resource_version not in {"", "0"}
        ):
            revision = parse_revision(options.resource_version)
            if revision and options.match != "NotOlderThan":
                return revision, self._at(collection, revision, namespace)
        elif options.resource_version:
            self._check_reached(parse_revision(options.resource_version))
        return self._store.revision, self._store.all(collection, namespace)

    def _at(self, collection: str, revision: int, namespace: str | None) -> _Records:
        self._check_reached(revision)
        try:
            return self._store.list_at(collection, revision, namespace)
        except TooOld:
            raise Gone(
                "The provided continue parameter is too old to display a consistent list result. "
                "You can start a new list without the continue parameter."
            ) from None

    def _check_reached(self, revision: int) -> None:
        """Refuse a revision that is yet to come; clients list anew then."""
        if revision > self._store.revision:
            raise status.not_reached(revision, self._store.revision)

    # Watching

    def watch(  # noqa: PLR0913 - one keyword for each query parameter
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        since: int | None = None,
        labels: str = "",
        fields: str = "",
        bookmarks: bool = False,
        initial_events: bool = False,
    ) -> Watch:
        """Changes after revision ``since``; None replays current objects as ADDED first.

        With ``bookmarks`` and ``initial_events`` a bookmark closes the replay. Raises ``Gone`` when
        changes after ``since`` are forgotten; a watcher that falls behind gets an ERROR event.
        """
        replay = since is None or initial_events
        feed = self.feed(
            kind, namespace, select(kind, labels, fields), since=None if replay else since,
            initial_end=bookmarks and initial_events,
        )  # fmt: skip
        return DocumentWatch(feed)

    def feed(
        self,
        kind: Kind,
        namespace: str | None,
        selection: Selection,
        *,
        since: int | None,
        initial_end: bool = False,
    ) -> Feed:
        """As ``watch``, as stored bytes in batches."""
        scope = _scope(kind, namespace)
        try:
            subscription = self._store.subscribe(kind.resource, scope, since)
        except TooOld:
            raise too_old(since or 0, self._store.compacted) from None
        initial: list[Delivery] = []
        if since is None:
            initial = [
                _replayed(key, record)
                for key, record in self._store.all(kind.resource, scope)
                if not selection or is_selected(record.value, selection)
            ]
        if initial_end:
            initial.append(bookmark(kind, self._store.revision, initial_end=True))
        return Feed(subscription, selection, initial)

    # Writing

    def create(
        self,
        kind: Kind,
        namespace: str | None,
        document: Document,
        options: WriteOptions | None = None,
    ) -> Document:
        """Store a new object and return it. Raises ``AlreadyExists``, ``Invalid`` and others."""
        options = options or WriteOptions()
        self._check_namespace(kind, namespace, document)
        new = self._writer.created(kind, namespace, document, options)
        key = _key(kind, namespace, documents.name_of(new))
        if self._store.get(key) is not None:
            raise status.already_exists(kind, key.name)
        if options.dry_run:
            return new
        self._store.create(key, self._encode(new))
        self._defined(kind, new)
        return new

    def _defined(self, kind: Kind, document: Document, *, gone: bool = False) -> None:
        """Serve what a definition, just stored or removed, adds."""
        if kind != DEFINITION:
            return
        if gone:
            self.registry.drop(documents.name_of(document))
        else:
            self.registry.put(document)

    def update(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        document: Document,
        *,
        subresource: str = "",
        options: WriteOptions | None = None,
    ) -> Document:
        """Replace an object, or its ``status`` or ``finalize`` part, and return it.

        A few kinds are made so when they are not there.
        A ``metadata.resourceVersion`` must be the current one. Raises ``Conflict``, ``NotFound``...
        """
        options = options or WriteOptions()
        self._writer.check_put(kind, name, document, options)
        objects.check_namespace(kind, namespace, document)
        old = self.find(kind, namespace, name)
        if old is None:
            if subresource or not catalog.may_be_put(kind):
                raise status.not_found(kind, name)
            return self.create(kind, namespace, document, options)
        check_replacement(kind, old, document)
        return self._replace(kind, old, document, subresource, options)

    def patch(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        patch: Patch,
        *,
        subresource: str = "",
        options: WriteOptions | None = None,
    ) -> Document:
        """Change an object by a patch (see ``virtctl.wire.patches``) and return it."""
        options = replace(options or WriteOptions(), patched=True)
        if parse_type(patch.content_type) is PatchType.APPLY:
            return self._apply(kind, _key(kind, namespace, name), patch, subresource, options)
        old = self._decode(self.read(kind, namespace, name).value)
        new = self._writer.patched(kind, old, patch, options)
        return self._replace(kind, old, new, subresource, options)

    def _apply(
        self, kind: Kind, key: Key, patch: Patch, subresource: str, options: WriteOptions
    ) -> Document:
        """Server-side apply; makes the object when it is not there."""
        wanted = patch.body
        if not isinstance(wanted, dict):
            raise BadRequest("error decoding YAML: an object is expected")
        objects.check_same_name(key.name, wanted)
        record = self._store.get(key)
        documents.put(wanted, key.name, "metadata", "name")
        old = None if record is None else self._decode(record.value)
        new = self._writer.applied(kind, old, wanted, subresource, options)
        options = replace(options, applied=True)
        if old is None and subresource:
            raise status.not_found(kind, key.name)
        if old is None:
            return self.create(kind, key.namespace or None, new, options)
        return self._replace(kind, old, new, subresource, options)

    def _replace(
        self,
        kind: Kind,
        old: Document,
        document: Document,
        subresource: str,
        options: WriteOptions,
    ) -> Document:
        name = documents.name_of(old)
        current = documents.text(old, "metadata", "resourceVersion")
        check_revision(kind, old, document, options)
        new = self._writer.updated(kind, old, document, subresource, options)
        objects.metadata_of(new)["resourceVersion"] = current
        if new == old or options.dry_run:
            return new
        key = _key(kind, documents.namespace_of(old), name)
        if objects.is_finished(kind, new):
            self._store.delete(key, self._encode(new))
            self._defined(kind, new, gone=True)
        else:
            self._store.update(key, self._encode(new))
            self._defined(kind, new)
        return new

    # Deleting

    def delete(
        self, kind: Kind, namespace: str | None, name: str, options: DeleteOptions | None = None
    ) -> Removal:
        """Remove an object, or mark it while finalizers or a node agent hold it."""
        options = options or DeleteOptions()
        old = self._decode(self.read(kind, namespace, name).value)
        _check_preconditions(kind, old, options)
        if kind == NAMESPACE and name in _PERMANENT:
            raise Forbidden(
                f'namespaces "{name}" is forbidden: this namespace may not be deleted',
                StatusDetails(name=name, kind=kind.plural),
            )
        self._hooks.admit(Admitted(kind, options.actor, "", old, None, options.dry_run))
        new = self._decode(self._encode_as_is(old))
        objects.propagate(kind, new, _propagation(kind, old, options))
        grace = objects.grace_period(kind, new, options.grace_period_seconds)
        objects.mark_deleted(new, self._world.now(), grace)
        if kind == NAMESPACE:
            documents.put(new, "Terminating", "status", "phase")
        gone = objects.is_finished(kind, new)
        if options.dry_run:
            return Removal(old if gone else new, gone)
        key = _key(kind, documents.namespace_of(old), name)
        if gone:
            self._store.delete(key, self._encode(old))
            self._defined(kind, old, gone=True)
            return Removal(old, gone=True)
        if new != old:
            self._store.update(key, self._encode(new))
        return Removal(new, gone=False)

    def delete_collection(
        self,
        kind: Kind,
        namespace: str | None,
        *,
        labels: str = "",
        fields: str = "",
        options: DeleteOptions | None = None,
    ) -> _Objects:
        """Delete all selected objects; returns them as they were."""
        found = self.list(kind, namespace, labels=labels, fields=fields).items
        for item in found:
            self.delete(kind, documents.namespace_of(item), documents.name_of(item), options)
        return found

    def ensure_namespace(self, name: str) -> None:
        """Create the namespace unless it exists."""
        if self._store.get(_key(NAMESPACE, None, name)) is None:
            self.create(NAMESPACE, None, {"metadata": {"name": name}})

    def _check_namespace(self, kind: Kind, namespace: str | None, document: Document) -> None:
        if not kind.namespaced or not namespace:
            return
        found = self.get(NAMESPACE, None, namespace)
        if not objects.is_deleting(found):
            return
        name = documents.name_of(document)
        cause = Cause(
            "NamespaceTerminating",
            f"namespace {namespace} is being terminated",
            "metadata.namespace",
        )
        raise Forbidden(
            f'{kind.resource} "{name}" is forbidden: unable to create new content in namespace '
            f"{namespace} because it is being terminated",
            StatusDetails(name=name, group=kind.group, kind=kind.plural, causes=(cause,)),
        )

    def _encode(self, document: Document) -> bytes:
        """``document`` as stored by the next write, whose revision it gets."""
        objects.metadata_of(document)["resourceVersion"] = str(self._store.next_revision)
        return msgspec.json.encode(document)

    def _encode_as_is(self, document: Document) -> bytes:
        return msgspec.json.encode(document)

    def _decode(self, value: bytes) -> Document:
        document: Document = _decoder.decode(value)
        return document


def unwritable(error: Unwritable) -> InternalError:
    """The answer to a write that could not be stored."""
    return InternalError(f"the store cannot be written: {error}; nothing was changed")


def _replayed(key: Key, record: Record) -> Delivery:
    change = Change(record.revision, key, ChangeType.ADDED, record.value, None)
    return Delivery("ADDED", record.value, change)


def parse_revision(text: str) -> int:
    """A ``resourceVersion`` parameter as a number; empty is 0. Raises ``BadRequest``."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": '
            f'strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _propagation(kind: Kind, old: Document, options: DeleteOptions) -> str:
    """What becomes of dependents: finalizers of ``old`` come before what its kind does."""
    known = {objects.ORPHAN, objects.FOREGROUND} & {*objects.finalizers(old)}
    keeps = catalog.orphans(kind) and not (known or options.actor.system)
    return options.propagation or ("Orphan" if keeps else "")


def _said(kind: Kind) -> str:
    """What a refused precondition calls the kind; those that end in steps check it themselves."""
    return kind.plural if kind in {NAMESPACE, DEFINITION} else kind.name


def _check_preconditions(kind: Kind, old: Document, options: DeleteOptions) -> None:
    name = documents.name_of(old)
    wanted = (
        (
            "UID",
            options.precondition_uid,
            documents.uid_of(old),
            "The object might have been deleted and then recreated",
        ),
        (
            "ResourceVersion",
            options.precondition_resource_version,
            documents.text(old, "metadata", "resourceVersion"),
            "The object might have been modified",
        ),
    )
    for what, given, current, why in wanted:
        if given and given != current:
            group_kind = f"{kind.name}.{kind.group}" if kind.group else kind.name
            raise Conflict(
                f'Operation cannot be fulfilled on {group_kind} "{name}": the {what} in the '
                f"precondition ({given}) does not match the {what} in record ({current}). {why}",
                StatusDetails(name=name, group=kind.group, kind=_said(kind)),
            )
