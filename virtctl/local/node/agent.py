"""The node agent: a keeper for each pod of the node, the Node object, and its heartbeat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError
from launcher.facts import HostFacts
from launcher.spec import Accelerator
from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.config import LocalConfig
from virtctl.local.node import guestfs, inventory
from virtctl.local.node.attachers import Attachers
from virtctl.local.node.books import KUBELET, Books, Subject, subject_of
from virtctl.local.node.gathering import Surroundings
from virtctl.local.node.inventory import NodeIdentity
from virtctl.local.node.keeper import Keeper
from virtctl.local.node.multus import Multus
from virtctl.local.node.podfiles import Credentials
from virtctl.local.node.ports import Host
from virtctl.local.node.station import Station
from virtctl.local.runtime import attachments, reconcile
from virtctl.local.runtime.changes import Create, difference, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen, key_of
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.podmanifest import ATTENDED, COMPONENT
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, name_of, namespace_of, strings, text, uid_of
from virtctl.models.kinds import LEASE, NODE, POD, PV, SECRET, VIRTUAL_MACHINE_INSTANCE

log = logging.getLogger(__name__)

_BRIDGES = 2.0  # seconds between looks at the node's bridges
_OVER = {"Succeeded", "Failed"}
_REJECTED = (
    "this node runs virtual machines only: a pod needs the label `kubevirt.io: virt-launcher` and "
    "a VirtualMachineInstance as its owner; containers are not served yet"
)


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """What the agent is told: who its node is, the instance's configuration, and how pods prove
    themselves to the API server.
    """

    identity: NodeIdentity
    config: LocalConfig
    credentials: Credentials


class NodeAgent:
    """One node's agent. Cancelling ``run`` leaves all machines running."""

    def __init__(
        self,
        service: ApiService,
        host: Host,
        settings: NodeSettings,
        clock: Clock,
        attachers: Attachers | None = None,
    ) -> None:
        self._service = service
        self._host = host
        self._identity = settings.identity
        self._clock = clock
        books = Books(service, clock, settings.identity.name, settings.identity.addresses)
        self._books = books
        self._station = Station(
            service=service,
            host=host,
            books=books,
            surroundings=Surroundings(
                accelerator=accelerator(settings.config, kvm_usable=host.facts.kvm_usable),
                nameservers=host.nameservers,
                cluster_domain=settings.config.cluster_domain,
                credentials=settings.credentials,
            ),
            multus=Multus(service, host, books, attachers),
            emulation_reason=emulation_reason(settings.config, host.facts),
        )
        self._keepers: dict[str, Keeper] = {}
        self._by_vmi: dict[Key, set[str]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._removals: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The node's name."""
        return self._identity.name

    @property
    def multus(self) -> Multus:
        """What makes the links of this node's pods."""
        return self._station.multus

    async def run(self) -> None:
        """Register the node, then look after its pods until cancelled."""
        self.register()
        await self._sweep()
        watched = (
            Informer(self._service, POD, self._pod_seen),
            Informer(self._service, VIRTUAL_MACHINE_INSTANCE, self._vmi_seen),
            Informer(self._service, PV, self._volume_seen),
            Informer(self._service, SECRET, self._secret_seen),
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                for informer in watched:
                    tasks.create_task(informer.run(), name=f"{self.name} {informer.kind.plural}")
                tasks.create_task(self._beat(), name=f"{self.name} heartbeat")
                tasks.create_task(self._mark_bridges(), name=f"{self.name} bridges")
        finally:
            await self._stop()

    def register(self) -> None:
        """Make or complete the Node object."""
        now = self._clock.now()
        facts = self._host.facts
        wanted = inventory.new_node(self._identity, facts)
        try:
            node = self._service.get(NODE, None, self.name)
        except NotFound:
            node = self._service.create(NODE, None, wanted)
        kept = {
            "labels": inventory.labels(self._identity, facts),
            "annotations": inventory.marks(
                self._station.surroundings.accelerator, self._station.emulation_reason
            ),
        }
        known: Document = {field: dict(strings(node, "metadata", field)) for field in kept}
        new: Document = {
            field: {**strings(node, "metadata", field), **ours} for field, ours in kept.items()
        }
        body = difference(known, new)
        if body:
            self._carry_out(patch(NODE, node, {"metadata": body}))
        for change in status_patch(NODE, node, inventory.status(node, self._identity, facts, now)):
            self._carry_out(change)

    def _carry_out(self, change: reconcile.Doable) -> None:
        reconcile.carry_out(self._service, change, KUBELET, self._clock.now(), host=self.name)

    async def _beat(self) -> None:
        """Renew the lease, and say that virt-handler lives."""
        while True:
            now = self._clock.now()
            lease = inventory.lease(self._identity, now)
            try:
                self._carry_out(Create(kind=LEASE, document=lease))
                self._carry_out(patch(LEASE, lease, {"spec": lease["spec"]}))
                node: Document = {"metadata": {"name": self.name}}
                self._carry_out(patch(NODE, node, {"metadata": inventory.sign_of_life(now)}))
            except ApiError as error:
                log.warning("heartbeat of %s: %s", self.name, error)
            await asyncio.sleep(inventory.HEARTBEAT)

    async def _mark_bridges(self) -> None:
        """Say which bridges the node has, whenever that has changed."""
        while True:
            try:
                bridges = await self._host.bridges()
                node = self._service.get(NODE, None, self.name)
                for change in status_patch(NODE, node, inventory.offered(node, bridges)):
                    self._carry_out(change)
            except (LauncherError, ApiError) as error:
                log.warning("bridges of %s: %s", self.name, error)
            await asyncio.sleep(_BRIDGES)

    # --- pods ----------------------------------------------------------------------------------

    def _pod_seen(self, seen: Seen) -> None:
        pod = seen.latest
        if text(pod, "spec", "nodeName") != self.name:
            return
        uid = uid_of(pod)
        if uid in self._keepers:
            self._keepers[uid].notice()
        elif seen.new is not None:
            self._take(pod)

    def _take(self, pod: Document) -> None:
        """Begin to look after a pod, or say why not."""
        marks = strings(pod, "metadata", "annotations")
        if COMPONENT in marks or (ATTENDED in marks and not is_deleting(pod)):
            return
        subject = subject_of(pod)
        if subject is not None:
            self._keep(subject)
        elif attachments.is_attachment(pod) and not is_deleting(pod):
            self._books.run_alone(pod)
        elif is_deleting(pod):
            self._books.remove_pod(pod)
        elif guestfs.is_tools(pod) and text(pod, "status", "phase") not in _OVER:
            self._run_tools(pod)
        elif text(pod, "status", "phase") not in _OVER:
            self._books.reject(pod, "UnsupportedPod", _REJECTED)

    def _run_tools(self, pod: Document) -> None:
        if text(pod, "status", "phase") == "Running":
            return
        why = guestfs.refusal(pod, self._service.list(POD, namespace_of(pod)).items)
        if why:
            self._books.reject(pod, "ToolsRefused", why)
        else:
            self._books.run_alone(pod)

    def _keep(self, subject: Subject) -> None:
        keeper = Keeper(self._station, subject)
        self._keepers[subject.pod_uid] = keeper
        self._by_vmi.setdefault(subject.vmi, set()).add(subject.pod_uid)
        task = asyncio.create_task(keeper.run(), name=f"pod {subject.pod.name}")
        self._tasks[subject.pod_uid] = task
        task.add_done_callback(lambda done: self._kept(subject, done))

    def _kept(self, subject: Subject, task: asyncio.Task[None]) -> None:
        self._keepers.pop(subject.pod_uid, None)
        self._tasks.pop(subject.pod_uid, None)
        others = self._by_vmi.get(subject.vmi, set())
        others.discard(subject.pod_uid)
        if not others:
            self._by_vmi.pop(subject.vmi, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("keeping %s failed", subject.pod.name, exc_info=task.exception())

    def _vmi_seen(self, seen: Seen) -> None:
        for uid in self._by_vmi.get(key_of(seen.latest), set()):
            self._keepers[uid].notice()

    def _secret_seen(self, seen: Seen) -> None:
        """A secret may hold the access credentials of a running machine."""
        namespace = namespace_of(seen.latest)
        for keeper in self._keepers.values():
            if keeper.subject.vmi.namespace == namespace:
                keeper.notice()

    def _volume_seen(self, seen: Seen) -> None:
        """A volume that is gone takes its directory with it, when it was ours to make."""
        path = text(seen.latest, "spec", "hostPath", "path")
        if seen.new is None and path:
            task = asyncio.create_task(self._host.remove_tree(Path(path)))
            self._removals.add(task)
            task.add_done_callback(self._removals.discard)

    # --- beginning and end ---------------------------------------------------------------------

    async def _sweep(self) -> None:
        """Remove machines, pod networks and volumes that no object stands for any more."""
        vmis = {uid_of(vmi) for vmi in self._service.list(VIRTUAL_MACHINE_INSTANCE).items}
        found = self._service.list(POD).items
        pods, uids = {name_of(pod) for pod in found}, {uid_of(pod) for pod in found}
        for uid in self._host.machines():
            vmi, _, pod = uid.partition(".")
            if vmi not in vmis or (pod and pod not in uids):
                log.warning("machine %s belongs to no VirtualMachineInstance: removed", uid)
                await self._tolerate(self._host.destroy(uid))
        for name in self._host.attached():
            if name not in pods:
                log.warning("pod network %s belongs to no pod: removed", name)
                await self._tolerate(self._station.multus.detach(name))
        wanted = {text(one, "spec", "hostPath", "path") for one in self._service.list(PV).items}
        for path in self._host.volumes():
            if str(path) not in wanted:
                log.warning("directory %s belongs to no volume: removed", path)
                await self._host.remove_tree(path)

    async def _tolerate(self, removal: Awaitable[None]) -> None:
        try:
            await removal
        except LauncherError as error:
            log.warning("left behind: %s", error)

    async def _stop(self) -> None:
        tasks = [*self._tasks.values(), *self._removals]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def accelerator(config: LocalConfig, *, kvm_usable: bool) -> Accelerator:
    """What runs guests: KVM where it works, unless the instance was told otherwise."""
    if config.emulation == "always":
        return Accelerator.TCG
    if config.emulation == "never":
        return Accelerator.KVM
    return Accelerator.KVM if kvm_usable else Accelerator.TCG


def emulation_reason(config: LocalConfig, facts: HostFacts) -> str:
    """Why guests run without KVM; empty when they run with it."""
    if config.emulation == "always":
        return "the instance was started with `--emulation always`"
    return "" if facts.kvm_usable else facts.kvm_reason or "KVM is not usable"
