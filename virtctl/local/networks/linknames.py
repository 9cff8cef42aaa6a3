"""Names of a pod's links for the networks of a machine: spec/launcher-network.md §1."""

from __future__ import annotations

import hashlib

from virtctl.models import documents as doc
from virtctl.models.documents import Document

PRIMARY_LINK = "eth0"


def secondary_link(network: str) -> str:
    """The pod's link for a secondary network, from the name that the machine gives the network.

    Eleven digits of the hash are what fits into an interface's name beside ``-nic``.
    """
    return "pod" + hashlib.sha256(network.encode()).hexdigest()[:11]


def is_primary(network: Document) -> bool:
    """Whether a network of a machine is the one that its pod is on."""
    return doc.find(network, "pod") is not None or doc.flag(network, "multus", "default")
