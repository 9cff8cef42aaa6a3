"""``PersistentVolumeClaim`` objects that CDI's storage profiles fill in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from virtctl.models.documents import Document

APPLY_PROFILE = "cdi.kubevirt.io/applyStorageProfile"
_DEFAULT_MODE = "ReadWriteOnce"


class Wish(NamedTuple):
    """``size`` is a quantity; empty strings leave the choice to the cluster."""

    size: str
    storage_class: str = ""
    access_mode: str = ""
    volume_mode: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


def build(name: str, namespace: str, wish: Wish) -> Document:
    """The claim; without an access mode it is ReadWriteOnce."""
    metadata: Document = {
        "name": name,
        "namespace": namespace,
        "labels": {APPLY_PROFILE: "true", **wish.labels},
    }
    if wish.annotations:
        metadata["annotations"] = dict(wish.annotations)
    spec: Document = {
        "accessModes": [wish.access_mode or _DEFAULT_MODE],
        "resources": {"requests": {"storage": wish.size}},
    }
    if wish.storage_class:
        spec["storageClassName"] = wish.storage_class
    if wish.volume_mode:
        spec["volumeMode"] = wish.volume_mode
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
