"""What answers: the service over a store, and who may ask it.

Whatever everybody relies on is in place before anybody is answered: namespaces, the installation,
roles, the API server's own Service.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.local import pki
from virtctl.local.api.access.authorizer import ADMIN_GROUP
from virtctl.local.api.admission import Admission
from virtctl.local.api.defaults.macpool import MacPool
from virtctl.local.api.registry import Registry
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Actor, ApiService, Hooks
from virtctl.local.config import LocalConfig
from virtctl.local.controllers import clusterservice, priorities
from virtctl.local.controllers.clusterservice import ClusterServiceController
from virtctl.local.controllers.kubevirt import KubeVirtController
from virtctl.local.controllers.namespace import NamespaceController
from virtctl.local.controllers.roles import RoleController
from virtctl.local.http.identity import KeyIdentity, StoredAccounts
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import doors
from virtctl.local.node.foundation import Foundation
from virtctl.local.node.retired import retire_nodes
from virtctl.local.runtime.health import Health
from virtctl.local.store.revisions import Store


@dataclass(frozen=True)
class Secrets:
    """The administrator's token, which tokens are signed with, and the CA's certificate (PEM)."""

    token: str
    certificate: str


@dataclass(frozen=True, kw_only=True)
class Front:
    """The service of an instance, and what it was built of.

    The controllers have prepared what they keep, and do not run yet.
    """

    layout: InstanceLayout
    config: LocalConfig
    foundation: Foundation
    secrets: Secrets
    service: ApiService
    identity: KeyIdentity
    health: Health
    namespaces: NamespaceController
    installation: KubeVirtController
    roles: RoleController
    own: ClusterServiceController


def build(
    layout: InstanceLayout,
    config: LocalConfig,
    foundation: Foundation,
    store: Store,
    secrets: Secrets,
) -> Front:
    """Join everything that answers but the sockets; nothing runs yet."""
    service = _service(config, foundation, store)
    namespaces = NamespaceController((config.namespace,))
    namespaces.prepare(service)
    retire_nodes(service, config.node_names)
    admin = Actor(pki.ADMIN_USER, (ADMIN_GROUP,))
    identity = KeyIdentity(
        secrets.token.encode(), {secrets.token: admin}, accounts=StoredAccounts(service)
    )
    first = foundation.network.nodes[0]
    installation = KubeVirtController(
        config,
        kvm_usable=foundation.facts.kvm_usable,
        addresses=tuple(subnet.node.ip for subnet in first.subnets),
    )
    installation.prepare(service)
    roles = RoleController()
    roles.prepare(service)
    priorities.prepare(service)
    own = ClusterServiceController(
        clusterservice.api_server(doors.addresses(foundation.network)),
        clusterservice.name_service(
            gateway for node in foundation.network.nodes for gateway in node.gateways
        ),
    )
    own.prepare(service)
    return Front(
        layout=layout,
        config=config,
        foundation=foundation,
        secrets=secrets,
        service=service,
        identity=identity,
        health=Health(),
        namespaces=namespaces,
        installation=installation,
        roles=roles,
        own=own,
    )


def _service(config: LocalConfig, foundation: Foundation, store: Store) -> ApiService:
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
    return service
