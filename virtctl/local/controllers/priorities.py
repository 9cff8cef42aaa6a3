"""The priority classes that every cluster has: made at the start where they are missing."""

from __future__ import annotations

from virtctl.local.api.rules.priorities import SYSTEM_CLASSES
from virtctl.local.api.service import ApiService
from virtctl.models.documents import Document
from virtctl.models.kinds import PRIORITY_CLASS

_FOR = {
    "system-cluster-critical": "For pods without which the cluster does not work, on any node.",
    "system-node-critical": "For pods without which their own node does not work.",
}


def prepare(service: ApiService) -> None:
    """Make the classes that are not there."""
    for name, value in SYSTEM_CLASSES.items():
        if service.exists(PRIORITY_CLASS, None, name):
            continue
        document: Document = {
            "apiVersion": PRIORITY_CLASS.api_version,
            "kind": PRIORITY_CLASS.name,
            "metadata": {"name": name},
            "description": _FOR[name],
            "value": value,
        }
        service.create(PRIORITY_CLASS, None, document)
