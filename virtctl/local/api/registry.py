"""``Registry``: all kinds that are served, those of the table and those that definitions add."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from virtctl.errors import InvalidField
from virtctl.local.api import catalog
from virtctl.local.api.columns import columns_of
from virtctl.local.api.customs.definition import Definition, read_definition
from virtctl.local.api.scales import ScalePaths
from virtctl.local.api.schema import shape_of_kind
from virtctl.local.api.shapes import Shape
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import KINDS, Kind, KindIndex
from virtctl.wire.tables import Column

_log = logging.getLogger(__name__)


class Registry:
    """The served kinds. Those of the table stay as they are, whatever definitions say."""

    def __init__(self, table: Iterable[Kind] = KINDS) -> None:
        self._table = tuple(table)
        self._own = {kind.resource for kind in self._table}
        self._added: dict[str, Definition] = {}
        self._listeners: list[Callable[[], None]] = []
        self._index = KindIndex(self._table)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All served kinds."""
        return self._index.kinds

    def by_plural(self, group: str, version: str, plural: str) -> Kind | None:
        """The stored kind that is served at ``/apis/<group>/<version>/<plural>``."""
        return self._index.by_plural(group, version, plural)

    def by_name(self, api_version: str, name: str) -> Kind | None:
        """The kind that an object's ``apiVersion`` and ``kind`` name, as called there."""
        return self._index.by_name(api_version, name)

    def definition(self, kind: Kind) -> Definition | None:
        """What a definition says about ``kind``; None for kinds of the table."""
        return self._added.get(kind.resource)

    def is_own(self, resource: str) -> bool:
        """Whether ``resource``, as in ``virtualmachines.kubevirt.io``, is of the table."""
        return resource in self._own

    def shape(self, kind: Kind) -> Shape:
        """The shape of objects of ``kind``."""
        added = self.definition(kind)
        return shape_of_kind(kind) if added is None else added.shape

    def columns(self, kind: Kind, version: str) -> tuple[Column, ...]:
        """The columns of tables of ``kind``."""
        added = self.definition(kind)
        return columns_of(kind) if added is None else added.columns(version)

    def deprecation(self, kind: Kind, version: str) -> str:
        """The warning for who uses ``kind`` in ``version``; empty when that is fine."""
        added = self.definition(kind)
        return catalog.deprecation(kind, version) if added is None else added.warning(version)

    def is_stored_as(self, kind: Kind, version: str) -> bool:
        """Whether every stored object of ``kind`` says that it is of ``version``."""
        added = self.definition(kind)
        return version == kind.version and (added is None or added.is_uniform)

    def scale(self, kind: Kind) -> ScalePaths:
        """Where objects of ``kind`` keep their size."""
        added = self.definition(kind)
        if added is not None and added.scale is not None:
            return added.scale
        return ScalePaths()

    # Changes

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` whenever the set of kinds has changed; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def put(self, document: Document) -> None:
        """Serve the kind that a CustomResourceDefinition adds, or what it is now."""
        name = documents.name_of(document)
        if name in self._own:
            return
        try:
            self._added[name] = read_definition(document)
        except InvalidField as error:
            _log.warning("definition %s is not served: %s", name, error)
            self._added.pop(name, None)
        self._changed()

    def drop(self, name: str) -> None:
        """Serve the kind of the definition ``name`` no more."""
        if self._added.pop(name, None) is not None:
            self._changed()

    def _changed(self) -> None:
        added = sorted(self._added)
        self._index = KindIndex((*self._table, *(self._added[name].kind for name in added)))
        for listener in self._listeners:
            listener()
