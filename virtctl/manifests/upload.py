"""What an image is uploaded to: a ``DataVolume`` or a claim, and a ``DataSource`` that names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from virtctl.manifests import claim
from virtctl.models.documents import Document, find, strings
from virtctl.models.kinds import DATA_SOURCE, DATA_VOLUME

TARGET = "cdi.kubevirt.io/storage.upload.target"
CONTENT_TYPE = "cdi.kubevirt.io/storage.contentType"
_BIND = "cdi.kubevirt.io/storage.bind.immediate.requested"
_DEFAULTS = "instancetype.kubevirt.io/default-"


class Wish(NamedTuple):
    """``size`` is a quantity, ``volume_mode`` block, filesystem or empty."""

    size: str = ""
    storage_class: str = ""
    access_mode: str = ""
    volume_mode: str = ""
    archive: bool = False
    force_bind: bool = False
    labels: Mapping[str, str] = {}

    @property
    def content_type(self) -> str:
        """CDI's word for what is uploaded."""
        return "archive" if self.archive else "kubevirt"


def default_labels(**given: str) -> dict[str, str]:
    """Labels ``default-instancetype``, ``-preference`` and their kinds, for what is not empty."""
    return {_DEFAULTS + key.replace("_", "-"): value for key, value in given.items() if value}


def data_volume(name: str, namespace: str, wish: Wish) -> Document:
    """A DataVolume that waits for an upload."""
    metadata: Document = {"name": name, "namespace": namespace}
    if wish.labels:
        metadata["labels"] = dict(wish.labels)
    if wish.force_bind:
        metadata["annotations"] = {_BIND: ""}
    storage: Document = {"resources": {"requests": {"storage": wish.size}}}
    if wish.storage_class:
        storage["storageClassName"] = wish.storage_class
    if wish.access_mode:
        storage["accessModes"] = [wish.access_mode]
    if wish.volume_mode:
        storage["volumeMode"] = wish.volume_mode.capitalize()
    spec: Document = {
        "source": {"upload": {}}, "storage": storage, "contentType": wish.content_type,
    }  # fmt: skip
    return {
        "apiVersion": DATA_VOLUME.api_version,
        "kind": DATA_VOLUME.name,
        "metadata": metadata,
        "spec": spec,
    }


def volume_claim(name: str, namespace: str, wish: Wish) -> Document:
    """A claim that waits for an upload."""
    annotations = {TARGET: "", CONTENT_TYPE: wish.content_type}
    if wish.force_bind:
        annotations[_BIND] = ""
    asked = claim.Wish(
        wish.size,
        wish.storage_class,
        wish.access_mode,
        wish.volume_mode.capitalize(),
        wish.labels,
        annotations,
    )
    return claim.build(name, namespace, asked)


def data_source(name: str, namespace: str, labels: Mapping[str, str]) -> Document:
    """A DataSource that leads to the claim ``name``."""
    metadata: Document = {"name": name, "namespace": namespace}
    if labels:
        metadata["labels"] = dict(labels)
    return {
        "apiVersion": DATA_SOURCE.api_version,
        "kind": DATA_SOURCE.name,
        "metadata": metadata,
        "spec": {"source": source_of(name, namespace)},
    }


def pointing(
    held: Document, name: str, namespace: str, labels: Mapping[str, str]
) -> list[Document]:
    """A JSON patch that leads the DataSource ``held`` to the claim ``name``.

    What is not there yet cannot be replaced; so it is added.
    """
    change: list[Document] = []
    there = strings(held, "metadata", "labels")
    merged: Document = {**there, **labels}
    if merged:
        verb = "replace" if there else "add"
        change.append({"op": verb, "path": "/metadata/labels", "value": merged})
    source = source_of(name, namespace)
    if find(held, "spec", "source", "pvc") is not None:
        change.append({"op": "replace", "path": "/spec/source/pvc", "value": source["pvc"]})
    else:
        change.append({"op": "add", "path": "/spec/source", "value": source})
    return change


def source_of(name: str, namespace: str) -> Document:
    """``spec.source`` of a DataSource that leads to the claim ``name``."""
    return {"pvc": {"namespace": namespace, "name": name}}
