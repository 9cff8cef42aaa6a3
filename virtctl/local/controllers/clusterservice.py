"""The Services by which pods find the API server and the name service, as in any cluster.

kube-apiserver itself keeps ``kubernetes`` in ``default``; ``kube-dns`` in ``kube-system`` is an
addon. Both, their Endpoints and their EndpointSlices are made again when they are removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.networks.serviceips import API_SERVER, NAME_SERVICE
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Change, Create, patch_of
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, JsonValue, name_of, namespace_of
from virtctl.models.kinds import ENDPOINT_SLICE, ENDPOINTS, SERVICE, Kind

KEY = Key("default", "kubernetes")
NAMES_KEY = Key("kube-system", "kube-dns")
PORT = 6443
"""Where the API server listens on the nodes."""
NAMES_PORT = 53
"""Where the name service listens on the pods' gateways."""
_KINDS = (SERVICE, ENDPOINTS, ENDPOINT_SLICE)
_CONTENTS = {SERVICE: (), ENDPOINTS: ("subsets",), ENDPOINT_SLICE: ("endpoints", "ports")}


@dataclass(frozen=True)
class ClusterService:
    """One such Service: ``ports`` (as in its spec) of ``address`` lead to ``backends`` (IPv4)."""

    key: Key
    labels: Mapping[str, str]
    address: str
    ports: tuple[Document, ...]
    backends: tuple[str, ...]

    def objects(self) -> tuple[Document, ...]:
        """The Service, its Endpoints and its EndpointSlice."""
        return (self._service(), self._endpoints(), self._slice())

    def _object(self, kind: Kind, labels: Mapping[str, str], **fields: JsonValue) -> Document:
        name, namespace = self.key.name, self.key.namespace
        return {
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
            **fields,
        }

    def _service(self) -> Document:
        spec: Document = {
            "type": "ClusterIP",
            "clusterIP": self.address,
            "ports": [dict(port) for port in self.ports],
        }
        return self._object(SERVICE, self.labels, spec=spec)

    def _behind(self) -> list[JsonValue]:
        return [
            {"name": port["name"], "port": port["targetPort"], "protocol": port["protocol"]}
            for port in self.ports
        ]

    def _endpoints(self) -> Document:
        listed: list[JsonValue] = [{"ip": backend} for backend in self.backends]
        subsets: list[JsonValue] = (
            [{"addresses": listed, "ports": self._behind()}] if listed else []
        )
        labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
        return self._object(ENDPOINTS, labels, subsets=subsets)

    def _slice(self) -> Document:
        found: list[JsonValue] = [
            {"addresses": [backend], "conditions": {"ready": True}} for backend in self.backends
        ]
        return self._object(
            ENDPOINT_SLICE,
            {"kubernetes.io/service-name": self.key.name},
            addressType="IPv4",
            endpoints=found,
            ports=self._behind(),
        )


def api_server(nodes: Iterable[str]) -> ClusterService:
    """The Service of the API server, which answers at the addresses of ``nodes``."""
    return ClusterService(
        key=KEY,
        labels={"component": "apiserver", "provider": "kubernetes"},
        address=API_SERVER,
        ports=(_port("https", 443, PORT, "TCP"),),
        backends=tuple(nodes),
    )


def name_service(gateways: Iterable[str]) -> ClusterService:
    """The Service of the name service, which answers at the pods' ``gateways``.

    Those of IPv6 are left out: the Service has an IPv4 address only.
    """
    return ClusterService(
        key=NAMES_KEY,
        labels={
            "k8s-app": "kube-dns",
            "kubernetes.io/cluster-service": "true",
            "kubernetes.io/name": "CoreDNS",
        },
        address=NAME_SERVICE,
        ports=(
            _port("dns", NAMES_PORT, NAMES_PORT, "UDP"),
            _port("dns-tcp", NAMES_PORT, NAMES_PORT, "TCP"),
        ),
        backends=tuple(dict.fromkeys(one for one in gateways if ":" not in one)),
    )


@dataclass(frozen=True)
class Seen:
    """What is there of the objects of a Service, in their order; None for what is gone."""

    wanted: tuple[Document, ...]
    objects: tuple[Document | None, ...]


class ClusterServiceController:
    """Keeps ``services`` as they are here."""

    name = "cluster services"
    component = "kube-apiserver"

    def __init__(self, *services: ClusterService) -> None:
        self._wanted = {service.key: service.objects() for service in services}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The objects of those names."""
        return tuple(Watched(kind, self._ours) for kind in _KINDS)

    def prepare(self, service: ApiService) -> None:
        """Make what is missing, before anybody else can take the Services' addresses."""
        for key, objects in self._wanted.items():
            for kind, wanted in zip(_KINDS, objects, strict=True):
                if not service.exists(kind, *key):
                    service.create(kind, key.namespace, wanted)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen:
        """The three objects of a Service."""
        return Seen(self._wanted[key], tuple(_found(service, kind, key) for kind in _KINDS))

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """Make what is gone, and write anew what others have changed."""
        del now
        return [*_changes(seen)]

    def _ours(self, document: Document) -> Iterable[Key]:
        found = Key(namespace_of(document), name_of(document))
        return (found,) if found in self._wanted else ()


def _changes(seen: Seen) -> Iterator[Change]:
    for kind, wanted, known in zip(_KINDS, seen.wanted, seen.objects, strict=True):
        if known is None:
            yield Create(kind=kind, document=wanted)
            continue
        fields = {name: wanted[name] for name in _CONTENTS[kind]}
        yield from patch_of(kind, known, {**known, **fields})


def _found(service: ApiService, kind: Kind, key: Key) -> Document | None:
    try:
        return service.get(kind, *key)
    except NotFound:
        return None


def _port(name: str, port: int, target: int, protocol: str) -> Document:
    return {"name": name, "port": port, "protocol": protocol, "targetPort": target}
