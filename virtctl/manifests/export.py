"""``VirtualMachineExport`` and the Secret with its token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple

from virtctl.models.documents import Document, name_of, uid_of
from virtctl.models.kinds import EXPORT

SOURCES: dict[str, tuple[str, str]] = {
    "vm": ("kubevirt.io", "VirtualMachine"),
    "snapshot": ("snapshot.kubevirt.io", "VirtualMachineSnapshot"),
    "pvc": ("", "PersistentVolumeClaim"),
    "vmtemplate": ("template.kubevirt.io", "VirtualMachineTemplate"),
}
"""Group and kind of what can be exported, by flag."""


class Wish(NamedTuple):
    """What to export. ``source`` is a key of ``SOURCES``, ``ttl`` a Go duration or empty."""

    source: str
    source_name: str
    ttl: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


def secret_name(export: str) -> str:
    """The Secret that holds an export's token."""
    return f"secret-{export}"


def build(name: str, namespace: str, wish: Wish) -> Document:
    """The export."""
    group, kind = SOURCES[wish.source]
    source: Document = {"kind": kind, "name": wish.source_name}
    if group:
        source["apiGroup"] = group
    metadata: Document = {"name": name, "namespace": namespace}
    if wish.labels:
        metadata["labels"] = dict(wish.labels)
    if wish.annotations:
        metadata["annotations"] = dict(wish.annotations)
    spec: Document = {"source": source, "tokenSecretRef": secret_name(name)}
    if wish.ttl:
        spec["ttlDuration"] = wish.ttl
    return {
        "apiVersion": EXPORT.api_version,
        "kind": EXPORT.name,
        "metadata": metadata,
        "spec": spec,
    }


def build_secret(export: Document, namespace: str, token: str) -> Document:
    """The Secret with ``token``; it goes with the export."""
    name = name_of(export)
    owner: Document = {
        "apiVersion": EXPORT.api_version,
        "kind": EXPORT.name,
        "name": name,
        "uid": uid_of(export),
        "controller": True,
        "blockOwnerDeletion": False,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(name), "namespace": namespace, "ownerReferences": [owner],
        },
        "type": "Opaque",
        "data": {"token": b64encode(token.encode()).decode()},
    }  # fmt: skip
