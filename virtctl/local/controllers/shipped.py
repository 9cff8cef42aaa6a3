"""Common instancetypes and preferences, and templates of machines: put in place at the start.

What the user changed stays as it is; what was removed comes back with the next start. The common
ones go as soon as ``commonInstancetypesDeployment.enabled`` of the KubeVirt object is false.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from virtctl import resources
from virtctl.local.api.service import ApiService
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.models.documents import Document, flag, name_of, objects, text
from virtctl.models.kinds import (
    CLUSTER_INSTANCETYPE,
    CLUSTER_PREFERENCE,
    KUBEVIRT,
    by_name,
)

_COMMON = (CLUSTER_INSTANCETYPE, CLUSTER_PREFERENCE)
_VENDOR = "instancetype.kubevirt.io/vendor=kubevirt.io"
_FOLDERS = ("instancetypes", "preferences", "machines")
NAMESPACE = "default"
"""Where shipped objects are that are not of the whole cluster."""


def read_shipped(root: Path) -> Iterator[Document]:
    """The objects in the files below ``root``, the directory of templates."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for folder in _FOLDERS:
        for file in sorted((root / folder).glob("*.yaml")):
            for document in yaml.load_all(file.read_text(), loader):
                yield from objects(document, "items") if "items" in document else (document,)


def put_in_place(service: ApiService, root: Path | None = None) -> int:
    """Make what is not there yet and is wanted; returns how many that were."""
    made = 0
    wants_common = wants_common_instancetypes(service)
    for document in read_shipped(root or resources.templates()):
        kind = by_name(text(document, "apiVersion"), text(document, "kind"))
        if kind is None or (kind in _COMMON and not wants_common):
            continue
        namespace = NAMESPACE if kind.namespaced else None
        if not service.exists(kind, namespace, name_of(document)):
            service.create(kind, namespace, document)
            made += 1
    return made


def wants_common_instancetypes(service: ApiService) -> bool:
    """Whether the installation has the common instancetypes and preferences."""
    path = ("spec", "configuration", "commonInstancetypesDeployment", "enabled")
    return all(flag(one, *path, default=True) for one in service.list(KUBEVIRT).items)


def take_away(service: ApiService) -> int:
    """Remove the common instancetypes and preferences; returns how many that were."""
    gone = 0
    for kind in _COMMON:
        for document in service.list(kind, labels=_VENDOR).items:
            service.delete(kind, None, name_of(document))
            gone += 1
    return gone


class ShippedController:
    """Follows the KubeVirt object's wish for common instancetypes."""

    name = "shipped"

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._wanted = True

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        del clock

        def changed(seen: Seen) -> None:
            del seen
            wanted = wants_common_instancetypes(service)
            if wanted != self._wanted:
                self._wanted = wanted
                if wanted:
                    put_in_place(service, self._root)
                else:
                    take_away(service)

        await Informer(service, KUBEVIRT, changed).run()
