"""Nodes that an instance was made with and does not have any more."""

from __future__ import annotations

from collections.abc import Collection

from virtctl.local.api.service import ApiService, DeleteOptions
from virtctl.local.node.inventory import LEASE_NAMESPACE
from virtctl.models.documents import Document, name_of, namespace_of, text
from virtctl.models.kinds import LEASE, NODE, POD, Kind


def retire_nodes(service: ApiService, names: Collection[str]) -> tuple[str, ...]:
    """Delete nodes that are none of ``names``, with their leases and pods; returns which.

    Nobody would look after their pods. Controllers see them go and do what is to be done.
    """
    gone = [node for node in service.list(NODE).items if name_of(node) not in names]
    for node in gone:
        _delete(service, NODE, node)
    for lease in service.list(LEASE, LEASE_NAMESPACE).items:
        if name_of(lease) not in names:
            _delete(service, LEASE, lease)
    for pod in service.list(POD).items:
        if text(pod, "spec", "nodeName", default="") not in {"", *names}:
            _delete(service, POD, pod)
    return tuple(name_of(node) for node in gone)


def _delete(service: ApiService, kind: Kind, document: Document) -> None:
    now = DeleteOptions(grace_period_seconds=0)
    service.delete(kind, namespace_of(document) or None, name_of(document), now)
