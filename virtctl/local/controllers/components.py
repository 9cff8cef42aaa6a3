"""The control plane's parts as pods in the install namespace, each saying who does its job here.

Only parts whose job is done are shown. No process stands behind such a pod: the daemon does the
work, and ``kubectl logs`` of it shows the daemon's log. The list is that of slides.md §1.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Create, Delete, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.health import Health, State
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.podmanifest import COMPONENT
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    name_of,
    namespace_of,
    objects,
    strings,
    uid_of,
)
from virtctl.models.kinds import POD

_log = logging.getLogger(__name__)
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_WELL = State()


CHECK = 5.0
"""Seconds between two looks at how components are."""


@dataclass(frozen=True)
class Component:
    """A part of the control plane. ``per_node`` parts have a pod on each node.

    ``workers`` are the daemon's jobs whose failures are the component's, ``{node}`` standing for
    the node's name; a component without any works inside requests.
    """

    name: str
    job: str
    workers: tuple[str, ...] = ()
    per_node: bool = False


COMPONENTS = (
    Component(
        "hco-operator",
        "the daemon's hyperconverged controller makes its settings KubeVirt's and AAQ's",
        ("hyperconverged",),
    ),
    Component("hco-webhook", "the daemon's admission fills in HyperConverged objects"),
    Component(
        "virt-operator",
        "the daemon's kubevirt controller keeps the KubeVirt object",
        ("kubevirt", "components", "workloads", "verbosity", "definitions", "roles", "shipped"),
    ),
    Component(
        "virt-api",
        "the daemon's API server admits objects and serves subresources",
        ("cluster services",),
    ),
    Component(
        "virt-controller",
        "the daemon's controllers make instances and launcher pods, and place them on nodes",
        (
            "machine",
            "instance",
            "migration",
            "evacuation",
            "replicaset",
            "pool",
            "pod",
            "snapshot",
            "restore",
            "clone",
            "backup",
            "export",
            "endpoints",
            "garbage",
            "expiry",
            "disruption",
            "autoscaler",
            "namespace",
            "tokens",
            "certificates",
        ),
    ),
    Component(
        "virt-handler",
        "the daemon's node agent starts and follows machines; its name service knows their names",
        (
            "agent of {node}",
            "node labels",
            "names",
            "services",
            "policies",
            "memory dumps",
            "backups",
        ),
        per_node=True,
    ),
    Component(
        "nmstate-handler",
        "the daemon makes networks of nodes as policies say, and shows them",
        ("network of {node}", "node networks"),
        per_node=True,
    ),
    Component(
        "kubemacpool-mac-controller-manager", "the daemon's admission gives MACs from a pool"
    ),
    Component(
        "ssp-operator",
        "the daemon ships instancetypes, preferences and templates, and its controllers keep those",
        ("templates", "template requests"),
    ),
    Component(
        "virt-template-validator",
        "the daemon's admission checks machines by the rules that they carry",
    ),
    Component(
        "aaq-operator",
        "the daemon's admission and quota controllers count machines by what their guests have",
        ("quota", "aware quotas"),
    ),
    Component(
        "mtq-operator",
        "the daemon's admission lets migrations go beyond quotas, and a controller says which",
        ("migration quotas",),
    ),
    Component("cdi-operator", "the daemon's cdi controllers keep CDI and its settings", ("cdi",)),
    Component("cdi-apiserver", "the daemon's API server gives tokens for uploads"),
    Component("virt-exportproxy", "a process of its own serves what is exported", ("exports",)),
    Component("cdi-uploadproxy", "a process of its own takes uploads", ("uploads",)),
    Component(
        "cdi-deployment",
        "the daemon's datavolume controllers say what goes into claims, and workers put it there",
        (
            "datavolume",
            "populators",
            "datasource",
            "dataimportcron",
            "storage profiles",
            "fillings",
            "polling",
        ),
    ),
    Component(
        "cluster-network-addons-operator",
        "the daemon sets up the nodes' networks, the MAC pool and the network plugins at its start",
    ),
    Component(
        "kube-cni-linux-bridge-plugin",
        "the daemon's node agent attaches pods to networks by plugins",
        ("agent of {node}",),
        per_node=True,
    ),
    Component(
        "bridge-marker",
        "the daemon's node agent says which bridges its node has",
        ("agent of {node}",),
        per_node=True,
    ),
    Component(
        "ovnkube-control-plane",
        "the daemon makes overlay networks by OVN, and keeps its programs running",
        ("overlays", "user networks", "cluster user networks"),
    ),
    Component(
        "kubemacpool-cert-manager", "the daemon renews the certificates that admission answers with"
    ),
    Component(
        "hostpath-provisioner-operator",
        "the daemon's claims controller and node agents make local volumes",
        ("claims", "snapshots", "growth"),
    ),
)


@dataclass(frozen=True)
class Place:
    """A node that components are shown on."""

    node: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """A component's pod by name; ``pod`` is None when it is gone."""

    name: str
    pod: Document | None = None


class ComponentController:
    """Shows the components in ``namespace``; the first place is the control plane's."""

    name = "components"
    component = "virt-operator"

    def __init__(
        self,
        namespace: str,
        places: tuple[Place, ...],
        version: str,
        health: Health | None = None,
    ) -> None:
        self._namespace = namespace
        self._places = places
        self._version = version
        self._health = health or Health()
        self._wanted = {
            pod_name(one, place.node): (one, place)
            for one in COMPONENTS
            for place in (places if one.per_node else places[:1])
        }
        self._started = ""

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The components' pods."""
        return (Watched(POD, self._ours),)

    def _ours(self, pod: Document) -> Iterable[Key]:
        ours = COMPONENT in strings(pod, "metadata", "annotations")
        return (Key(namespace_of(pod), name_of(pod)),) if ours else ()

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        self._started = stamp(clock.now())
        service.ensure_namespace(self._namespace)
        for component, place in self._wanted.values():
            pod = build_pod(component, place, self._namespace, self._version)
            reconcile.carry_out(
                service, Create(kind=POD, document=pod), self.component, clock.now()
            )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.follow(service, clock), name=f"{self.name} health")
            tasks.create_task(reconcile.run(self, service, clock), name=f"{self.name} pods")

    async def follow(self, service: ApiService, clock: Clock, seconds: float = CHECK) -> None:
        """Look every so many seconds which components are otherwise than before, and show it."""
        shown: dict[str, State] = {}
        while True:
            await asyncio.sleep(seconds)
            now = clock.now()
            for name, (component, place) in self._wanted.items():
                state = self._state(component, place, now)
                if state == shown.get(name, _WELL):
                    continue
                try:
                    self._show(service, name, now)
                except ApiError as error:
                    _log.warning("status of %s: %s", name, error)
                else:
                    shown[name] = state

    def _show(self, service: ApiService, name: str, now: float) -> None:
        seen = self.observe(service, Key(self._namespace, name))
        for change in self.decide(seen, now) if seen is not None else ():
            reconcile.carry_out(service, change, self.component, now)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The pod of ``key``; without one when it should be there and is gone."""
        try:
            return Seen(key.name, service.get(POD, *key))
        except NotFound:
            return Seen(key.name) if key.name in self._wanted else None

    def decide(self, seen: Seen, now: float) -> list[reconcile.Doable]:
        """A component's pod, its status, or its end when it was deleted."""
        wanted = self._wanted.get(seen.name)
        if seen.pod is not None and (wanted is None or is_deleting(seen.pod)):
            return [_removal(seen.pod)]
        if wanted is None:
            return []
        component, place = wanted
        if seen.pod is None:
            pod = build_pod(component, place, self._namespace, self._version)
            return [Create(kind=POD, document=pod)]
        state = self._state(component, place, now)
        status = running(seen.pod, place, self._started, now, state)
        return [*status_patch(POD, seen.pod, status)]

    def _state(self, component: Component, place: Place, now: float) -> State:
        """How all of a component's workers are, taken together."""
        names = [worker.format(node=place.node) for worker in component.workers]
        found = [self._health.of(name, now) for name in names]
        problems = [
            f"{name}: {state.problem}"
            for name, state in zip(names, found, strict=True)
            if state.problem
        ]
        return State(sum(state.restarts for state in found), "; ".join(problems))


def _removal(pod: Document) -> Delete:
    return Delete(
        kind=POD,
        namespace=namespace_of(pod),
        name=name_of(pod),
        uid=uid_of(pod),
        grace_period_seconds=0,
    )


def pod_name(component: Component, node: str) -> str:
    """A name of the usual shape, the same each time."""
    digest = hashlib.sha256(f"{component.name} {node}".encode()).digest()
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)
    if component.per_node:
        return f"{component.name}-{letters[:5]}"
    return f"{component.name}-{digest.hex()[:10]}-{letters[:5]}"


def build_pod(component: Component, place: Place, namespace: str, version: str) -> Document:
    """The pod that stands for a component."""
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": pod_name(component, place.node),
            "namespace": namespace,
            "labels": {
                "kubevirt.io": component.name,
                "app.kubernetes.io/component": component.name,
                "app.kubernetes.io/managed-by": "virtctl-local",
            },
            "annotations": {COMPONENT: component.job},
        },
        "spec": {
            "nodeName": place.node,
            "hostNetwork": True,
            "restartPolicy": "Always",
            "enableServiceLinks": False,
            "containers": [
                {
                    "name": component.name,
                    "image": f"virtctl-local:{version or 'dev'}",
                    "imagePullPolicy": "Never",
                    "command": ["virtctl", "local"],
                }
            ],
        },
    }


def running(
    pod: Document, place: Place, started: str, now: float, state: State = _WELL
) -> Document:
    """The pod's status while the daemon runs; it started when the daemon did.

    A component whose workers failed lately is not ready, and its condition says why.
    """
    made = dict(child(pod, "status"))
    well = not state.problem
    ips: list[JsonValue] = [{"ip": address} for address in place.addresses]
    containers: list[JsonValue] = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"],
            "ready": well,
            "started": True,
            "restartCount": state.restarts,
            "state": {"running": {"startedAt": started}},
        }
        for container in objects(pod, "spec", "containers")
    ]
    wanted = [condition(kind, "True") for kind in ("PodScheduled", "Initialized")]
    wanted += [
        condition(kind, "True")
        if well
        else condition(kind, "False", reason="ContainersNotReady", message=state.problem)
        for kind in ("ContainersReady", "Ready")
    ]
    made.update(
        {
            "phase": "Running",
            "startTime": started,
            "qosClass": "BestEffort",
            "containerStatuses": containers,
            "conditions": conditions.merged(objects(made, "conditions"), wanted, now),
        }
    )
    if place.addresses:
        made.update(
            {
                "hostIP": place.addresses[0],
                "hostIPs": ips,
                "podIP": place.addresses[0],
                "podIPs": ips,
            }
        )
    return made
