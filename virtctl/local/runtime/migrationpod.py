"""The pod that is to take a guest: the guest's own pod once more, for another node. Pure."""

from __future__ import annotations

import hashlib
from copy import deepcopy

from virtctl.local.runtime import migrating
from virtctl.local.runtime.podmanifest import CREATED_BY
from virtctl.models.documents import (
    Document,
    child,
    items,
    name_of,
    namespace_of,
    strings,
    text,
    uid_of,
)
from virtctl.models.kinds import POD

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of apimachinery's generated names
_OF_ONE_POD = ("k8s.v1.cni.cncf.io/network-status", "kubevirt.io/network-info")
"""Annotations that tell what one pod got."""


def target_pod(vmi: Document, source: Document, migration: Document) -> Document:
    """The pod of ``migration``; ``source`` is where the guest is.

    It is kept off the nodes that have a pod of the same instance (api.md §1.3).
    """
    prefix = text(source, "metadata", "generateName")
    digest = hashlib.sha256(uid_of(migration).encode()).digest()
    annotations = strings(source, "metadata", "annotations")
    kept = {key: value for key, value in annotations.items() if key not in _OF_ONE_POD}
    spec = deepcopy(child(source, "spec"))
    spec.pop("nodeName", None)
    spec["nodeSelector"] = {
        **strings(spec, "nodeSelector"),
        **strings(migration, "spec", "addedNodeSelector"),
    }
    spec["affinity"] = _apart(child(spec, "affinity"), uid_of(vmi))
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:5]),
            "generateName": prefix,
            "namespace": namespace_of(source),
            "labels": {
                **strings(source, "metadata", "labels"),
                migrating.JOB: uid_of(migration),
            },
            "annotations": {**kept, migrating.JOB_NAME: name_of(migration)},
            "ownerReferences": deepcopy(items(source, "metadata", "ownerReferences")),
        },
        "spec": spec,
    }


def _apart(affinity: Document, uid: str) -> Document:
    """An affinity with the term that keeps pods of one instance on different nodes."""
    made = deepcopy(affinity)
    term: Document = {
        "labelSelector": {
            "matchExpressions": [{"key": CREATED_BY, "operator": "In", "values": [uid]}]
        },
        "topologyKey": "kubernetes.io/hostname",
    }
    others = child(made, "podAntiAffinity")
    rule = "requiredDuringSchedulingIgnoredDuringExecution"
    known = [one for one in items(others, rule) if one != term]
    made["podAntiAffinity"] = {**others, rule: [*known, term]}
    return made
