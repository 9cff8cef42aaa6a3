"""What a control plane in memory has, as an API server of canned answers shows it to a client."""

from tests.fakes.canned import ApiServer
from virtctl.client.resources import path
from virtctl.local.api.service import ApiService
from virtctl.models.documents import name_of, namespace_of
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    EVENT,
    MULTI_NETWORK_POLICY,
    NAMESPACE,
    NETWORK_POLICY,
    NODE,
    POD,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)

KINDS = (
    ATTACHMENT_DEFINITION, EVENT, MULTI_NETWORK_POLICY, NAMESPACE, NETWORK_POLICY, NODE, POD,
    VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE,
)  # fmt: skip


def mirror(service: ApiService, server: ApiServer) -> None:
    """Show objects and lists of all kinds that have to do with networks, as they are now."""
    for kind in KINDS:
        items = list(service.list(kind).items)
        server.object(path(kind), {"items": items})
        server.object(path(kind, "default"), {"items": [
            one for one in items if namespace_of(one) == "default"
        ]})  # fmt: skip
        for one in items:
            server.object(path(kind, namespace_of(one), name_of(one)), one)
