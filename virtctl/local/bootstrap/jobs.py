"""What works on the objects of an instance: controllers, and what looks after nodes."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Protocol

from virtctl.local import pki
from virtctl.local.api.service import ApiService
from virtctl.local.bootstrap.front import Front
from virtctl.local.bootstrap.supervising import Job
from virtctl.local.controllers.accounts import CertificateController, TokenController
from virtctl.local.controllers.autoscaler import AutoscalerController
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
from virtctl.local.controllers.machine.controller import MachineController
from virtctl.local.controllers.migration import MigrationController
from virtctl.local.controllers.migrationquota import MigrationQuotaController
from virtctl.local.controllers.nodenetwork import NodeNetworkController
from virtctl.local.controllers.pod import PodController
from virtctl.local.controllers.pool.controller import PoolController
from virtctl.local.controllers.quota import QuotaController
from virtctl.local.controllers.replicaset import ReplicaSetController
from virtctl.local.controllers.restore import RestoreController
from virtctl.local.controllers.shipped import ShippedController
from virtctl.local.controllers.snapshot import SnapshotController
from virtctl.local.controllers.template.controller import TemplateController
from virtctl.local.controllers.template.requests import TemplateRequestController
from virtctl.local.controllers.usernetworks import UserNetworkController
from virtctl.local.controllers.verbosity import VerbosityController
from virtctl.local.controllers.workloads import Shape, WorkloadController
from virtctl.local.imports.tokens import Tokens
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import doors
from virtctl.local.node.agent import NodeAgent, NodeSettings
from virtctl.local.node.backups import Backups
from virtctl.local.node.containerdisks import LibraryImages
from virtctl.local.node.exports import Exports, Inside
from virtctl.local.node.fillings import Fillings
from virtctl.local.node.foundation import Foundation
from virtctl.local.node.growth import Growth
from virtctl.local.node.host import LocalHost
from virtctl.local.node.inventory import NodeIdentity
from virtctl.local.node.memorydumps import MemoryDumps
from virtctl.local.node.names import serve_names
from virtctl.local.node.nodelabels import NodeLabelController, read_from
from virtctl.local.node.nodenetworks import LocalNetwork, NodeNetworks
from virtctl.local.node.orphans import reap_orphans
from virtctl.local.node.overlaylinks import TYPE as OVERLAY
from virtctl.local.node.overlaylinks import LocalOvn, OverlayAttacher
from virtctl.local.node.overlays import Overlays
from virtctl.local.node.podfiles import Credentials
from virtctl.local.node.policies import PolicyRules
from virtctl.local.node.polling import Polling
from virtctl.local.node.resolver import MachineNames
from virtctl.local.node.services import ServiceRules
from virtctl.local.node.snapshots import Snapshots
from virtctl.local.node.uploads import Certificate, Uploads
from virtctl.local.node.warming import keep_warm
from virtctl.local.runtime import exporting
from virtctl.local.runtime.clock import Clock, SystemClock
from virtctl.local.runtime.health import Health
from virtctl.models.kinds import CLUSTER_USER_NETWORK, USER_NETWORK

if TYPE_CHECKING:
    from virtctl.local.images.library import ImageLibrary


class Runnable(Protocol):
    """A controller."""

    @property
    def name(self) -> str:
        """For logs."""

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""


def build_jobs(front: Front) -> tuple[Job, ...]:
    """All that works on the objects of ``front``; nothing runs yet."""
    layout, config, foundation = front.layout, front.config, front.foundation
    service, secrets = front.service, front.secrets
    clock = SystemClock()
    credentials = Credentials(issue=front.identity.issue_for_pod, certificate=secrets.certificate)
    names = MachineNames(service, config.cluster_domain)
    controllers: tuple[Runnable, ...] = (
        front.namespaces,
        front.installation,
        front.roles,
        TokenController(front.identity.issue_for_secret, secrets.certificate),
        CertificateController(secrets.certificate),
        GarbageController(),
        ExpiryController(),
        DisruptionController(),
        AutoscalerController(),
        ComponentController(config.namespace, _places(foundation), config.version, front.health),
        WorkloadController(config.namespace, (Shape(one.name, one.per_node) for one in COMPONENTS)),
        VerbosityController(),
        NodeLabelController(read_from(layout.caps_cache)),
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
        front.own,
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
    agents = _agents(front, credentials)
    jobs = [_job(controller, service, clock) for controller in controllers]
    jobs += [Job(f"agent of {agent.name}", agent.run, NodeAgent.__module__) for agent in agents]
    jobs += _node_networks(foundation, service, clock)
    serving = partial(serve_names, foundation.network, names, config.cluster_domain)
    jobs.append(Job("names", serving, serve_names.__module__))
    rules = ServiceRules(service, foundation.network)
    jobs.append(Job("services", rules.run, ServiceRules.__module__))
    ovn = LocalOvn(foundation.network)
    overlays = Overlays(service, ovn, clock, partial(_overlays_failed, front.health, clock))
    jobs.append(Job("overlays", overlays.run, Overlays.__module__))
    policies = PolicyRules(service, foundation.network, overlays=ovn.enforce)
    jobs.append(Job("policies", policies.run, PolicyRules.__module__))
    jobs.append(Job("fillings", Fillings(service, layout, clock).run, Fillings.__module__))
    jobs.append(Job("polling", Polling(service, clock).run, Polling.__module__))
    jobs += _copies(front)
    jobs.append(Job("uploads", _uploads(front).run, Uploads.__module__))
    jobs.append(Job("orphans", reap_orphans))
    jobs.append(Job("probe of QEMU", partial(keep_warm, layout)))
    return tuple(jobs)


def _room(layout: InstanceLayout) -> Room | None:
    try:
        usage = shutil.disk_usage(layout.root)
    except OSError:
        return None
    return Room(usage.total, usage.free)


def _uploads(front: Front) -> Uploads:
    keys = pki.Pki(front.layout.pki)
    host = front.config.listen.rpartition(":")[0].strip("[]")
    certificate = Certificate(file=keys.server, key=keys.server_key)
    tokens = Tokens.of_instance(front.secrets.token)
    return Uploads(front.service, front.layout, host, tokens, certificate)


def _copies(front: Front) -> list[Job]:
    """What copies disks and memory of machines, and what gives disks away."""
    layout, service, network = front.layout, front.service, front.foundation.network
    keys = pki.Pki(layout.pki)
    host = front.config.listen.rpartition(":")[0].strip("[]")
    certificate = Certificate(file=keys.server, key=keys.server_key)
    inside = Inside(
        listen=partial(doors.open_doors, network, exporting.PORT),
        address=next(iter(doors.addresses(network)), ""),
    )
    exports = Exports(service, layout, host, certificate, front.secrets.certificate, inside)
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


def _library(layout: InstanceLayout) -> ImageLibrary:
    from virtctl.local.images.library import ImageLibrary

    return ImageLibrary(layout)


def _agents(front: Front, credentials: Credentials) -> list[NodeAgent]:
    layout, config, service = front.layout, front.config, front.service
    foundation = front.foundation
    images = LibraryImages(partial(_library, layout))
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


def _overlays_failed(health: Health, clock: Clock, problem: str) -> None:
    health.failed("overlays", problem, clock.now())
