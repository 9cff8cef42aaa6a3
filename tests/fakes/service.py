"""An API service in memory, in a world that stands still."""

from datetime import UTC, datetime, timedelta
from itertools import count

from virtctl.local.api.hooks import NoSchemas
from virtctl.local.api.registry import Registry
from virtctl.local.api.service import Actor, ApiService, Hooks, World
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store

USER = Actor("jane", ("system:masters",))
START = datetime(2026, 1, 1, tzinfo=UTC)


class StillWorld:
    """Time moves when told; uids and random names count."""

    def __init__(self) -> None:
        self.moment = START
        self._uids = count(1)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def world(self) -> World:
        return World(
            now=lambda: self.moment,
            new_uid=lambda: f"uid-{next(self._uids)}",
            choose=lambda alphabet: alphabet[0],
        )


class ListSchemas(NoSchemas):
    """Knows two lists, and that ``spec.bogus`` is no field."""

    def unknown_fields(self, kind, document):
        return ["spec.bogus"] if "bogus" in document.get("spec", {}) else []

    def prune(self, kind, document):
        spec = {key: value for key, value in document.get("spec", {}).items() if key != "bogus"}
        return {**document, "spec": spec} if "spec" in document else document

    def list_keys(self, kind, path):
        lists = {("spec", "containers"): ("name",), ("metadata", "finalizers"): ()}
        return lists.get(path)


def make_service(
    hooks: Hooks | None = None, *, history: int = 4096, registry: Registry | None = None
) -> ApiService:
    """A service with the namespaces ``default`` and ``other``."""
    service = ApiService(Store(MemoryLog(history)), hooks, StillWorld().world(), registry)
    for name in ("default", "other"):
        service.ensure_namespace(name)
    return service
