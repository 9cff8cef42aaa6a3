"""What is behind Services: Endpoints and EndpointSlices from the pods that their selectors fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, naming, reconcile
from virtctl.local.runtime.changes import Change, Create, delete, patch_of
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.owners import controller_reference, is_controlled_by, is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import (
    Document,
    JsonValue,
    flag,
    integer,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import ENDPOINT_SLICE, ENDPOINTS, POD, SERVICE

_OVER = {"Succeeded", "Failed"}
_SERVICE_NAME = "kubernetes.io/service-name"
_MANAGER = "endpointslice.kubernetes.io/managed-by"
_VERSIONS = ("IPv4", "IPv6")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A service with a selector, its pods, and what was written of them."""

    service: Document | None
    pods: tuple[Document, ...] = ()
    endpoints: Document | None = None
    slices: tuple[Document, ...] = ()


class EndpointController:
    """Keeps Endpoints and EndpointSlices of services that have a selector."""

    name = "endpoints"
    component = "endpoint-controller"

    def __init__(self) -> None:
        self._selectors: dict[Key, dict[str, str]] = {}

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Services, the pods behind them, and what is written of those."""
        return (
            Watched(SERVICE, self._note),
            Watched(POD, self._services_of),
            Watched(ENDPOINTS, reconcile.itself),
            Watched(ENDPOINT_SLICE, reconcile.owner(SERVICE)),
        )

    def _note(self, service: Document) -> Iterable[Key]:
        key = Key(namespace_of(service), name_of(service))
        self._selectors[key] = strings(service, "spec", "selector")
        return (key,)

    def _services_of(self, pod: Document) -> Iterable[Key]:
        labels = strings(pod, "metadata", "labels")
        for key, selector in self._selectors.items():
            if key.namespace == namespace_of(pod) and selector.items() <= labels.items():
                yield key

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The service of ``key`` and what belongs to it; None when others care for it."""
        try:
            found = service.get(SERVICE, *key)
        except NotFound:
            self._selectors.pop(key, None)
            known = _endpoints(service, key)
            ours = known is not None and _is_ours(known)
            return Seen(service=None, endpoints=known) if ours else None
        selector = strings(found, "spec", "selector")
        if not selector or is_deleting(found) or text(found, "spec", "type") == "ExternalName":
            return None
        pods = service.list(
            POD,
            key.namespace,
            labels=",".join(f"{name}={value}" for name, value in selector.items()),
        ).items
        slices = service.list(
            ENDPOINT_SLICE, key.namespace, labels=f"{_SERVICE_NAME}={key.name}"
        ).items
        return Seen(
            service=found,
            pods=tuple(pod for pod in pods if _is_reachable(pod)),
            endpoints=_endpoints(service, key),
            slices=tuple(one for one in slices if is_controlled_by(one, found)),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """What to change about one service's endpoints."""
        del now
        if seen.service is None:
            return [delete(ENDPOINTS, seen.endpoints)] if seen.endpoints is not None else []
        return [*_written(seen, seen.service), *_sliced(seen, seen.service)]


def _endpoints(service: ApiService, key: Key) -> Document | None:
    try:
        return service.get(ENDPOINTS, *key)
    except NotFound:
        return None


def _is_ours(endpoints: Document) -> bool:
    noted = strings(endpoints, "metadata", "labels").get("endpoints.kubernetes.io/managed-by")
    return noted == EndpointController.component


def _is_reachable(pod: Document) -> bool:
    return bool(text(pod, "status", "podIP")) and text(pod, "status", "phase") not in _OVER


def _written(seen: Seen, service: Document) -> Iterator[Change]:
    wanted = build_endpoints(service, seen.pods)
    if seen.endpoints is None:
        yield Create(kind=ENDPOINTS, document=wanted)
        return
    kept = {key: value for key, value in seen.endpoints.items() if key != "subsets"}
    subsets = {key: value for key, value in wanted.items() if key == "subsets"}
    yield from patch_of(ENDPOINTS, seen.endpoints, kept | subsets)


def _sliced(seen: Seen, service: Document) -> Iterator[Change]:
    for version in _VERSIONS:
        known = [one for one in seen.slices if text(one, "addressType") == version]
        wanted = build_slice(service, seen.pods, version)
        if version not in families(service):
            for one in known:
                yield delete(ENDPOINT_SLICE, one)
        elif not known:
            yield Create(kind=ENDPOINT_SLICE, document=wanted)
        else:
            fields = {key: wanted[key] for key in ("endpoints", "ports")}
            yield from patch_of(ENDPOINT_SLICE, known[0], {**known[0], **fields})


def families(service: Document) -> list[str]:
    """The IP versions of a service."""
    given = [one for one in items(service, "spec", "ipFamilies") if isinstance(one, str)]
    return given or ["IPv4"]


def build_endpoints(service: Document, pods: Iterable[Document]) -> Document:
    """The Endpoints of a service: pods that have the same ports are one subset."""
    groups: dict[str, tuple[list[Document], Document]] = {}
    version = families(service)[0]
    for pod in pods:
        ports = list(_ports(service, pod))
        ips = addresses(pod, version)
        if not ips:
            continue
        _, subset = groups.setdefault(str(ports), (ports, {}))
        is_ready = conditions.holds(pod, "Ready") or publishes_all(service)
        field = "addresses" if is_ready and not is_deleting(pod) else "notReadyAddresses"
        entry: Document = {"ip": ips[0], "nodeName": text(pod, "spec", "nodeName")}
        if _named(service, pod):
            entry["hostname"] = text(pod, "spec", "hostname")
        entry["targetRef"] = _reference(pod)
        subset[field] = [*items(subset, field), entry]
    subsets: list[JsonValue] = []
    for ports, subset in groups.values():
        listed: list[JsonValue] = list(ports)
        subsets.append({**subset, "ports": listed} if listed else subset)
    labels = {
        **strings(service, "metadata", "labels"),
        "endpoints.kubernetes.io/managed-by": EndpointController.component,
    }
    made: Document = {
        "apiVersion": ENDPOINTS.api_version,
        "kind": ENDPOINTS.name,
        "metadata": {
            "name": name_of(service),
            "namespace": namespace_of(service),
            "labels": dict(labels),
        },
    }
    return {**made, "subsets": subsets} if subsets else made


def build_slice(service: Document, pods: Iterable[Document], version: str) -> Document:
    """The EndpointSlice of one IP version of a service."""
    found: list[JsonValue] = []
    ports: list[JsonValue] = []
    for pod in pods:
        ips = addresses(pod, version)
        if not ips:
            continue
        if not ports:
            ports = list(_ports(service, pod))
        up, leaving = conditions.holds(pod, "Ready"), is_deleting(pod)
        entry: Document = {
            "addresses": [ips[0]],
            "conditions": {
                "ready": publishes_all(service) or (up and not leaving),
                "serving": up,
                "terminating": leaving,
            },
            "nodeName": text(pod, "spec", "nodeName"),
            "targetRef": _reference(pod),
        }
        if _named(service, pod):
            entry["hostname"] = text(pod, "spec", "hostname")
        found.append(entry)
    labels = {
        **strings(service, "metadata", "labels"),
        _SERVICE_NAME: name_of(service),
        _MANAGER: "endpointslice-controller.k8s.io",
    }
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.name,
        "metadata": {
            "name": f"{name_of(service)}-{naming.suffix(uid_of(service), version)}",
            "generateName": f"{name_of(service)}-",
            "namespace": namespace_of(service),
            "labels": dict(labels),
            "ownerReferences": [controller_reference(SERVICE, service)],
        },
        "addressType": version,
        "endpoints": found,
        "ports": ports,
    }


def publishes_all(service: Document) -> bool:
    """Whether pods that are not ready count, too."""
    return flag(service, "spec", "publishNotReadyAddresses")


def addresses(pod: Document, version: str) -> list[str]:
    """A pod's addresses of an IP version."""
    found = [text(one, "ip") for one in objects(pod, "status", "podIPs")]
    found = found or [text(pod, "status", "podIP")]
    return [ip for ip in found if ip and (":" in ip) == (version == "IPv6")]


def _named(service: Document, pod: Document) -> bool:
    """Whether the pod has a name of its own below the service's."""
    hostname, subdomain = text(pod, "spec", "hostname"), text(pod, "spec", "subdomain")
    return bool(hostname) and subdomain == name_of(service)


def _reference(pod: Document) -> Document:
    return {
        "kind": POD.name,
        "name": name_of(pod),
        "namespace": namespace_of(pod),
        "uid": uid_of(pod),
    }


def _ports(service: Document, pod: Document) -> Iterator[Document]:
    for port in objects(service, "spec", "ports"):
        number = target_port(port, pod)
        if number:
            entry: Document = {
                "name": text(port, "name"),
                "port": number,
                "protocol": text(port, "protocol", default="TCP"),
                "appProtocol": text(port, "appProtocol"),
            }
            yield {key: value for key, value in entry.items() if value}


def target_port(port: Document, pod: Document) -> int:
    """The pod's port that a service's port leads to; 0 when the pod has none of that name."""
    target = port.get("targetPort")
    if isinstance(target, str) and not target.isdecimal():
        for container in objects(pod, "spec", "containers"):
            for one in objects(container, "ports"):
                if text(one, "name") == target:
                    return integer(one, "containerPort")
        return 0
    return int(target) if isinstance(target, (int, str)) else integer(port, "port")
