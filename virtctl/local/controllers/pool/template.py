"""A pool's machine of one number, and the revision that it is made from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.local.controllers.pool.seen import FINALIZER, REVISION, revision_name, template
from virtctl.local.runtime.owners import controller_reference
from virtctl.models.documents import (
    Document,
    child,
    flag,
    integer,
    name_of,
    namespace_of,
    objects,
    put,
    strings,
    text,
)
from virtctl.models.kinds import CONTROLLER_REVISION, POOL, VIRTUAL_MACHINE

_SEEDS = ("cloudInitNoCloud", "cloudInitConfigDrive")
_SEED_SECRETS = ("secretRef", "networkDataSecretRef", "metaDataSecretRef")


def build_machine(pool: Document, index: int) -> Document:
    """The machine ``<pool>-<index>``."""
    made: Document = {
        "apiVersion": VIRTUAL_MACHINE.api_version,
        "kind": VIRTUAL_MACHINE.name,
        "metadata": {
            "name": f"{name_of(pool)}-{index}",
            "namespace": namespace_of(pool),
            "labels": dict(strings(template(pool), "metadata", "labels")),
            "annotations": dict(strings(template(pool), "metadata", "annotations")),
            "ownerReferences": [controller_reference(POOL, pool)],
            "finalizers": [FINALIZER],
        },
        "spec": build_spec(pool, index),
    }
    put(made, revision_name(pool), "metadata", "labels", REVISION)
    return made


def build_spec(pool: Document, index: int) -> Document:
    """The spec of the machine of number ``index``: names that are its own end in it."""
    spec = deepcopy(child(template(pool), "spec"))
    names: dict[str, str] = {}
    for volume in objects(spec, "dataVolumeTemplates"):
        names[name_of(volume)] = f"{name_of(volume)}-{index}"
        put(volume, names[name_of(volume)], "metadata", "name")
    for volume in objects(spec, "template", "spec", "volumes"):
        for reference, field in _storage(volume):
            name = text(reference, field)
            reference[field] = names.get(name, name)
        for reference, field in _references(pool, volume):
            reference[field] = f"{text(reference, field)}-{index}"
    put(spec, revision_name(pool), "template", "metadata", "labels", REVISION)
    return spec


def _storage(volume: Document) -> Iterator[tuple[Document, str]]:
    """Where a volume names its claim or data volume."""
    for source, field in (("persistentVolumeClaim", "claimName"), ("dataVolume", "name")):
        if source in volume:
            yield child(volume, source), field


def _references(pool: Document, volume: Document) -> Iterator[tuple[Document, str]]:
    """Where a volume names config maps and secrets of which each machine has its own."""
    if flag(pool, "spec", "nameGeneration", "appendIndexToConfigMapRefs"):
        yield from _named(volume, "configMap", field="name")
        yield from _named(volume, "sysprep", "configMap", field="name")
    if flag(pool, "spec", "nameGeneration", "appendIndexToSecretRefs"):
        yield from _named(volume, "secret", field="secretName")
        yield from _named(volume, "sysprep", "secret", field="name")
        for seed in _SEEDS:
            for secret in _SEED_SECRETS:
                yield from _named(volume, seed, secret, field="name")


def _named(volume: Document, *path: str, field: str) -> Iterator[tuple[Document, str]]:
    found = child(volume, *path)
    if text(found, field):
        yield found, field


def build_revision(pool: Document) -> Document:
    """The ControllerRevision of the pool's spec as it is now."""
    return {
        "apiVersion": CONTROLLER_REVISION.api_version,
        "kind": CONTROLLER_REVISION.name,
        "metadata": {
            "name": revision_name(pool),
            "namespace": namespace_of(pool),
            "ownerReferences": [controller_reference(POOL, pool)],
        },
        "data": deepcopy(child(pool, "spec")),
        "revision": integer(pool, "metadata", "generation"),
    }
