"""The composition root: builds store, API, HTTP, controllers and node agents, and runs them.

One event loop runs everything. The order matters: networks before agents, the store before all,
and "ready" only when the API answers and every node says that it is Ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from virtctl.errors import WaitTimeout
from virtctl.local import pki
from virtctl.local.api.access.authorizer import ADMIN_GROUP
from virtctl.local.api.admission import Admission
from virtctl.local.api.defaults.macpool import MacPool
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.registry import Registry
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Actor, ApiService, Hooks
from virtctl.local.config import LocalConfig
from virtctl.local.controllers import clusterservice
from virtctl.local.controllers.accounts import CertificateController, TokenController
from virtctl.local.controllers.awarequota.controller import AwareQuotaController
from virtctl.local.controllers.backup import BackupController
from virtctl.local.controllers.cdi.datasource import DataSourceController
from virtctl.local.controllers.cdi.datavolume import DataVolumeController
from virtctl.local.controllers.cdi.importcron import ImportCronController
from virtctl.local.controllers.cdi.installation import InstallationController
from virtctl.local.controllers.cdi.populators import PopulatorController
from virtctl.local.controllers.cdi.profiles import ProfileController
from virtctl.local.controllers.claims import PROVISIONER, ClaimController, Room
from virtctl.local.controllers.clone import CloneController
from virtctl.local.controllers.clusterservice import ClusterServiceController
from virtctl.local.controllers.components import COMPONENTS, ComponentController, Place
from virtctl.local.controllers.definitions import DefinitionController
from virtctl.local.controllers.disruption import DisruptionController
from virtctl.local.controllers.endpoints import EndpointController
from virtctl.local.controllers.evacuation import EvacuationController
from virtctl.local.controllers.expiry import ExpiryController
from virtctl.local.controllers.export import ExportController
from virtctl.local.controllers.garbage import GarbageController
from virtctl.local.controllers.hyperconverged.controller import HyperConvergedController
from virtctl.local.controllers.instance import InstanceController
from virtctl.local.controllers.kubevirt import KubeVirtController
from virtctl.local.controllers.machine.controller import MachineController
from virtctl.local.controllers.migration import MigrationController
from virtctl.local.controllers.migrationquota import MigrationQuotaController
from virtctl.local.controllers.namespace import NamespaceController
from virtctl.local.controllers.nodenetwork import NodeNetworkController
from virtctl.local.controllers.pod import PodController
from virtctl.local.controllers.pool.controller import PoolController
from virtctl.local.controllers.quota import QuotaController
from virtctl.local.controllers.replicaset import ReplicaSetController
from virtctl.local.controllers.restore import RestoreController
from virtctl.local.controllers.roles import RoleController
from virtctl.local.controllers.shipped import ShippedController, put_in_place
from virtctl.local.controllers.snapshot import SnapshotController
from virtctl.local.controllers.template.controller import TemplateController
from virtctl.local.controllers.template.requests import TemplateRequestController
from virtctl.local.controllers.usernetworks import UserNetworkController
from virtctl.local.controllers.verbosity import VerbosityController
from virtctl.local.controllers.workloads import Shape, WorkloadController
from virtctl.local.http.app import create_app
from virtctl.local.http.audit import Audit, sink_of
from virtctl.local.http.health import ComponentHealth
from virtctl.local.http.identity import KeyIdentity, StoredAccounts
from virtctl.local.http.serving import Serving, Tls, serve
from virtctl.local.images.library import ImageLibrary
from virtctl.local.imports.tokens import Tokens
from virtctl.local.layout import InstanceLayout
from virtctl.local.networks.servernames import server_names
from virtctl.local.node import doors
from virtctl.local.node.agent import NodeAgent, NodeSettings
from virtctl.local.node.attach import LocalMachines, LocalPods
from virtctl.local.node.backups import Backups
from virtctl.local.node.containerdisks import LibraryImages
from virtctl.local.node.exports import Exports, Inside
from virtctl.local.node.fillings import Fillings
from virtctl.local.node.foundation import Foundation
from virtctl.local.node.gathering import claim_disk
from virtctl.local.node.growth import Growth
from virtctl.local.node.host import LocalHost
from virtctl.local.node.inventory import NodeIdentity
from virtctl.local.node.memorydumps import MemoryDumps
from virtctl.local.node.names import serve_names
from virtctl.local.node.nodenetworks import LocalNetwork, NodeNetworks
from virtctl.local.node.orphans import adopt_orphans, reap_orphans
from virtctl.local.node.overlaylinks import TYPE as OVERLAY
from virtctl.local.node.overlaylinks import LocalOvn, OverlayAttacher
from virtctl.local.node.overlays import Overlays
from virtctl.local.node.podfiles import Credentials
from virtctl.local.node.policies import PolicyRules
from virtctl.local.node.polling import Polling
from virtctl.local.node.resolver import MachineNames
from virtctl.local.node.retired import retire_nodes
from virtctl.local.node.services import ServiceRules
from virtctl.local.node.snapshots import Snapshots
from virtctl.local.node.uploads import Certificate, Uploads
from virtctl.local.node.warming import keep_warm
from virtctl.local.runtime import exporting
from virtctl.local.runtime.clock import Clock, SystemClock
from virtctl.local.runtime.health import Health
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog
from virtctl.models.documents import name_of, objects, text
from virtctl.models.kinds import CLUSTER_USER_NETWORK, NODE, USER_NETWORK

log = logging.getLogger("daemon")

READY_SECONDS = 30.0
RENEW_SECONDS = 3600.0
_PAST_REVISIONS = 10


def run(
    layout: InstanceLayout, config: LocalConfig, foundation: Foundation, ready: Callable[[], None]
) -> None:
    """Run the instance until SIGTERM or SIGINT. Raises when it cannot be started.

    Guests go on when this ends, however it ends.
    """
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(layout, config, foundation, ready))


async def _main(
    layout: InstanceLayout, config: LocalConfig, foundation: Foundation, ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    adopt_orphans()
    keys = await asyncio.to_thread(_credentials, layout, config)
    with open_store(layout) as store:
        secrets = Secrets(keys.token.read_text(), keys.ca.read_text())
        parts = build(layout, config, foundation, store, secrets)
        parts.service.group()
        serving = await _listen(layout, config, foundation, keys, parts)
        put_in_place(parts.service)
        renewing = Job("certificates", partial(keep_renewed, layout, config, serving))
        tasks = [
            asyncio.create_task(supervised(job, parts.health), name=job.name)
            for job in (*parts.jobs, renewing)
        ]
        try:
            await nodes_ready(parts.service, config)
            log.info("ready at https://%s", config.listen)
            ready()
            await stop.wait()
            log.info("ending; guests go on")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await serving.stop()


@contextlib.contextmanager
def open_store(layout: InstanceLayout) -> Iterator[Store]:
    """The instance's store. Raises ``LocalError`` when its file cannot be used."""
    # It holds Secrets; SQLite gives the files beside it the same mode.
    layout.database.touch(mode=0o600)
    layout.database.chmod(0o600)
    store = Store(SqliteLog(layout.database, past=_PAST_REVISIONS))
    try:
        yield store
    finally:
        store.close()


def _credentials(layout: InstanceLayout, config: LocalConfig) -> pki.Pki:
    keys = pki.ensure(layout.pki, server_names(config))
    _tell_credentials(layout, config)
    return keys


def _tell_credentials(layout: InstanceLayout, config: LocalConfig) -> None:
    document = pki.kubeconfig(pki.Pki(layout.pki), f"https://{config.listen}")
    pki.write_kubeconfig(layout.kubeconfig, document)


async def keep_renewed(
    layout: InstanceLayout, config: LocalConfig, serving: Serving, seconds: float = RENEW_SECONDS
) -> None:
    """Look every ``seconds`` whether certificates are due, and renew them under all that runs."""
    while True:
        made = await asyncio.to_thread(pki.renew, layout.pki, server_names(config))
        if made:
            _tell_credentials(layout, config)
            serving.renew()
            log.info("certificates renewed: %s", ", ".join(made))
        await asyncio.sleep(seconds)


# --- what runs -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """Something that runs as long as the daemon does; it is started again when it fails.

    ``logger`` is the module that its failures are logged for.
    """

    name: str
    body: Callable[[], Coroutine[object, object, None]]
    logger: str = log.name


class Runnable(Protocol):
    """A controller."""

    @property
    def name(self) -> str:
        """For logs."""

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""


@dataclass(frozen=True)
class Parts:
    """The service, all jobs around it, and how those are."""

    service: ApiService
    jobs: tuple[Job, ...]
    health: Health
    identity: KeyIdentity


@dataclass(frozen=True)
class Secrets:
    """The administrator's token, which tokens are signed with, and the CA's certificate (PEM)."""

    token: str
    certificate: str


def build(
    layout: InstanceLayout,
    config: LocalConfig,
    foundation: Foundation,
    store: Store,
    secrets: Secrets,
) -> Parts:
    """Join everything but the sockets; nothing runs yet."""
    registry = Registry()
    admission = Admission(
        host_architecture=foundation.facts.architecture,
        registry=registry,
        pool=MacPool(config.mac_prefix),
        namespace=config.namespace,
    )
    hooks = Hooks(ModelSchemas(registry.shape), admission)
    service = ApiService(store, hooks, registry=registry)
    admission.attach(lambda kind: service.list(kind).items, service.find, service.derived)
    clock = SystemClock()
    namespaces = NamespaceController((config.namespace,))
    namespaces.prepare(service)
    retire_nodes(service, config.node_names)
    admin = Actor(pki.ADMIN_USER, (ADMIN_GROUP,))
    identity = KeyIdentity(
        secrets.token.encode(), {secrets.token: admin}, accounts=StoredAccounts(service)
    )
    credentials = Credentials(issue=identity.issue_for_pod, certificate=secrets.certificate)
    agents = _agents(layout, config, foundation, service, credentials)
    names = MachineNames(service, config.cluster_domain)
    installation = KubeVirtController(config, kvm_usable=foundation.facts.kvm_usable)
    installation.prepare(service)
    roles = RoleController()
    roles.prepare(service)
    own = _own_service(service, foundation)
    health = Health()
    controllers: tuple[Runnable, ...] = (
        namespaces,
        installation,
        roles,
        TokenController(identity.issue_for_secret, secrets.certificate),
        CertificateController(secrets.certificate),
        GarbageController(),
        ExpiryController(),
        DisruptionController(),
        ComponentController(config.namespace, _places(foundation), config.version, health),
        WorkloadController(config.namespace, (Shape(one.name, one.per_node) for one in COMPONENTS)),
        VerbosityController(),
        HyperConvergedController(config.namespace, config.version),
        ShippedController(),
        TemplateController(),
        TemplateRequestController(),
        QuotaController(),
        NodeNetworkController(),
        UserNetworkController(USER_NETWORK),
        UserNetworkController(CLUSTER_USER_NETWORK),
        AwareQuotaController(config.version),
        MigrationQuotaController(config.version),
        EndpointController(),
        own,
        ClaimController(layout.volumes, partial(_room, layout)),
        DataVolumeController(),
        PopulatorController(),
        DataSourceController(),
        ImportCronController(),
        InstallationController(config.namespace, PROVISIONER),
        ProfileController(PROVISIONER),
        DefinitionController(),
        SnapshotController(),
        RestoreController(),
        BackupController(),
        CloneController(),
        ExportController(secrets.certificate),
        PoolController(),
        ReplicaSetController(),
        MachineController(),
        InstanceController(),
        MigrationController(),
        EvacuationController(),
        PodController(),
    )
    jobs = [_job(controller, service, clock) for controller in controllers]
    jobs += [Job(f"agent of {agent.name}", agent.run, NodeAgent.__module__) for agent in agents]
    jobs += _node_networks(foundation, service, clock)
    serving = partial(serve_names, foundation.network, names, config.cluster_domain)
    jobs.append(Job("names", serving, serve_names.__module__))
    rules = ServiceRules(service, foundation.network)
    jobs.append(Job("services", rules.run, ServiceRules.__module__))
    ovn = LocalOvn(foundation.network)
    overlays = Overlays(service, ovn, clock, partial(_overlays_failed, health, clock))
    jobs.append(Job("overlays", overlays.run, Overlays.__module__))
    policies = PolicyRules(service, foundation.network, overlays=ovn.enforce)
    jobs.append(Job("policies", policies.run, PolicyRules.__module__))
    jobs.append(Job("fillings", Fillings(service, layout, clock).run, Fillings.__module__))
    jobs.append(Job("polling", Polling(service, clock).run, Polling.__module__))
    jobs += _copies(layout, config, service, secrets, foundation)
    jobs.append(Job("uploads", _uploads(layout, config, service, secrets).run, Uploads.__module__))
    jobs.append(Job("orphans", reap_orphans))
    jobs.append(Job("probe of QEMU", partial(keep_warm, layout)))
    return Parts(service, tuple(jobs), health, identity)


def _own_service(service: ApiService, foundation: Foundation) -> ClusterServiceController:
    """Make the API server's own Service; returns who keeps it."""
    own = ClusterServiceController(doors.addresses(foundation.network))
    own.prepare(service)
    return own


def _room(layout: InstanceLayout) -> Room | None:
    try:
        usage = shutil.disk_usage(layout.root)
    except OSError:
        return None
    return Room(usage.total, usage.free)


def _uploads(
    layout: InstanceLayout, config: LocalConfig, service: ApiService, secrets: Secrets
) -> Uploads:
    keys = pki.Pki(layout.pki)
    host = config.listen.rpartition(":")[0].strip("[]")
    certificate = Certificate(file=keys.server, key=keys.server_key)
    return Uploads(service, layout, host, Tokens.of_instance(secrets.token), certificate)


def _copies(
    layout: InstanceLayout,
    config: LocalConfig,
    service: ApiService,
    secrets: Secrets,
    foundation: Foundation,
) -> list[Job]:
    """What copies disks and memory of machines, and what gives disks away."""
    keys = pki.Pki(layout.pki)
    host = config.listen.rpartition(":")[0].strip("[]")
    certificate = Certificate(file=keys.server, key=keys.server_key)
    inside = Inside(
        listen=partial(doors.open_doors, foundation.network, exporting.PORT),
        address=next(iter(doors.addresses(foundation.network)), ""),
    )
    exports = Exports(service, layout, host, certificate, secrets.certificate, inside)
    frozen = Snapshots(service, layout, SystemClock(), PROVISIONER)
    dumps = MemoryDumps(service, layout, SystemClock())
    growth = Growth(service, layout, SystemClock())
    return [
        Job("growth", growth.run, Growth.__module__),
        Job("backups", Backups(service, layout, SystemClock()).run, Backups.__module__),
        Job("memory dumps", dumps.run, MemoryDumps.__module__),
        Job("snapshots", frozen.run, Snapshots.__module__),
        Job("exports", exports.run, Exports.__module__),
    ]


def _agents(
    layout: InstanceLayout,
    config: LocalConfig,
    foundation: Foundation,
    service: ApiService,
    credentials: Credentials,
) -> list[NodeAgent]:
    images = LibraryImages(ImageLibrary(layout))
    ovn = LocalOvn(foundation.network)
    agents = []
    for node in foundation.network.nodes:
        host = LocalHost(layout, foundation.network, node.name, foundation.facts, images)
        identity = NodeIdentity(
            name=node.name,
            addresses=host.addresses,
            pod_cidrs=tuple(subnet.pods for subnet in node.subnets),
            version=f"v{config.version}",
            kernel=foundation.kernel,
            system=foundation.system,
        )
        settings = NodeSettings(identity=identity, config=config, credentials=credentials)
        overlays = OverlayAttacher(service, ovn, node.name, SystemClock())
        agents.append(NodeAgent(service, host, settings, SystemClock(), {OVERLAY: overlays}))
    return agents


def _node_networks(foundation: Foundation, service: ApiService, clock: Clock) -> list[Job]:
    """What carries out policies for networks, for each node."""
    jobs = []
    for node in foundation.network.nodes:
        network = LocalNetwork.of(foundation.network, node)
        worker = NodeNetworks(service, node.name, network, clock)
        jobs.append(Job(f"network of {node.name}", worker.run, NodeNetworks.__module__))
    return jobs


def _places(foundation: Foundation) -> tuple[Place, ...]:
    return tuple(
        Place(node.name, tuple(subnet.node.ip for subnet in node.subnets))
        for node in foundation.network.nodes
    )


def _job(controller: Runnable, service: ApiService, clock: Clock) -> Job:
    body = partial(controller.run, service, clock)
    return Job(controller.name, body, type(controller).__module__)


async def _listen(
    layout: InstanceLayout,
    config: LocalConfig,
    foundation: Foundation,
    keys: pki.Pki,
    parts: Parts,
) -> Serving:
    health = ComponentHealth(parts.service, keys.server, keys.server_key)
    app = create_app(
        parts.service,
        LocalMachines(layout, MachineNames(parts.service, config.cluster_domain).addresses),
        LocalPods(layout, health.open, foundation.network, partial(claim_disk, parts.service)),
        parts.identity,
        ServerInfo(),
        ModelOpenApi(parts.service.registry),
    )
    if config.audit_log:
        app = Audit(app, sink_of(config.audit_log))
    host, _, port = config.listen.rpartition(":")
    tls = Tls(host.strip("[]"), int(port), keys.server, keys.server_key, keys.ca)
    opened = await asyncio.to_thread(doors.open_doors, foundation.network, clusterservice.PORT)
    return await serve(app, tls=tls, uds=layout.socket, doors=opened)


_AGAIN_SECONDS = 1.0


def _overlays_failed(health: Health, clock: Clock, problem: str) -> None:
    health.failed("overlays", problem, clock.now())


async def supervised(job: Job, health: Health, again: float = _AGAIN_SECONDS) -> None:
    """Run a job for ever: one that fails is logged and started again after ``again`` seconds."""
    while True:
        try:
            await job.body()
        except Exception as error:
            logging.getLogger(job.logger).exception("%s failed; again in %g s", job.name, again)
            health.failed(job.name, _reason(error), time.time())
        await asyncio.sleep(again)


def _reason(error: BaseException) -> str:
    """The first failure inside groups of them, in a line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


async def nodes_ready(
    service: ApiService, config: LocalConfig, seconds: float = READY_SECONDS
) -> None:
    """Wait until every node's condition Ready is True. Raises ``WaitTimeout``."""
    waiting = set(config.node_names)
    try:
        async with asyncio.timeout(seconds):
            while waiting:
                for node in service.list(NODE).items:
                    ready = any(
                        text(each, "type") == "Ready" and text(each, "status") == "True"
                        for each in objects(node, "status", "conditions")
                    )
                    if ready:
                        waiting.discard(name_of(node))
                await asyncio.sleep(0.01)
    except TimeoutError:
        reached = f"waiting for {', '.join(sorted(waiting))}"
        raise WaitTimeout("Ready nodes", seconds, reached, "virtctl local logs") from None
