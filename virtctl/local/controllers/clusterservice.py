"""The Service ``kubernetes`` in ``default``: where pods find the API server, as in any cluster.

kube-apiserver keeps it, its Endpoints and its EndpointSlice itself, and makes them again when they
are removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.networks.serviceips import API_SERVER
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Create, patch_of
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, JsonValue, name_of, namespace_of
from virtctl.models.kinds import ENDPOINT_SLICE, ENDPOINTS, SERVICE, Kind

KEY = Key("default", "kubernetes")
PORT = 6443
"""Where the API server listens on the nodes."""
_KINDS = (SERVICE, ENDPOINTS, ENDPOINT_SLICE)
_CONTENTS = {SERVICE: (), ENDPOINTS: ("subsets",), ENDPOINT_SLICE: ("endpoints", "ports")}


@dataclass(frozen=True)
class Seen:
    """The Service, its Endpoints and its EndpointSlice, in this order; None for what is gone."""

    objects: tuple[Document | None, ...]


class ClusterServiceController:
    """Keeps the Service of the API server, which answers at ``addresses`` (IPv4) of nodes."""

    name = "kubernetes service"
    component = "kube-apiserver"

    def __init__(self, addresses: Sequence[str]) -> None:
        self._wanted = (_service(), _endpoints(addresses), _slice(addresses))

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The three objects of that name."""
        return tuple(Watched(kind, _ours) for kind in _KINDS)

    def prepare(self, service: ApiService) -> None:
        """Make what is missing, before anybody else can take the Service's address."""
        for kind, wanted in zip(_KINDS, self._wanted, strict=True):
            if not service.exists(kind, *KEY):
                service.create(kind, KEY.namespace, wanted)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen:
        """The three objects."""
        return Seen(tuple(_found(service, kind, key) for kind in _KINDS))

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """Make what is gone, and write anew what others have changed."""
        del now
        return [*self._changes(seen)]

    def _changes(self, seen: Seen) -> Iterator[Change]:
        for kind, wanted, known in zip(_KINDS, self._wanted, seen.objects, strict=True):
            if known is None:
                yield Create(kind=kind, document=wanted)
                continue
            fields = {name: wanted[name] for name in _CONTENTS[kind]}
            yield from patch_of(kind, known, {**known, **fields})


def _ours(document: Document) -> Iterable[Key]:
    found = Key(namespace_of(document), name_of(document))
    return (KEY,) if found == KEY else ()


def _found(service: ApiService, kind: Kind, key: Key) -> Document | None:
    try:
        return service.get(kind, *key)
    except NotFound:
        return None


def _object(kind: Kind, labels: dict[str, str], **fields: JsonValue) -> Document:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": KEY.name, "namespace": KEY.namespace, "labels": dict(labels)},
        **fields,
    }


def _service() -> Document:
    spec: Document = {
        "type": "ClusterIP",
        "clusterIP": API_SERVER,
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": PORT}],
    }
    return _object(SERVICE, {"component": "apiserver", "provider": "kubernetes"}, spec=spec)


def _port() -> Document:
    return {"name": "https", "port": PORT, "protocol": "TCP"}


def _endpoints(addresses: Sequence[str]) -> Document:
    listed: list[JsonValue] = [{"ip": address} for address in addresses]
    subsets: list[JsonValue] = [{"addresses": listed, "ports": [_port()]}] if listed else []
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    return _object(ENDPOINTS, labels, subsets=subsets)


def _slice(addresses: Sequence[str]) -> Document:
    found: list[JsonValue] = [
        {"addresses": [address], "conditions": {"ready": True}} for address in addresses
    ]
    return _object(
        ENDPOINT_SLICE,
        {"kubernetes.io/service-name": KEY.name},
        addressType="IPv4",
        endpoints=found,
        ports=[_port()],
    )
