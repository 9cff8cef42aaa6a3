"""Who may copy disks of other namespaces: those who may create ``datavolumes/source`` there.

Each reference to another namespace is checked when it is written, so that what is copied later
needs no more questions (CDI, doc/clone-datavolume.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Forbidden
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.access.rules import Asked
from virtctl.local.api.service import Actor
from virtctl.models import kinds
from virtctl.models.documents import Document, child, find, namespace_of, objects, strings, text
from virtctl.models.kinds import Kind

KINDS = frozenset(
    {
        kinds.DATA_VOLUME, kinds.DATA_SOURCE, kinds.DATA_IMPORT_CRON, kinds.PVC,
        kinds.VIRTUAL_MACHINE, kinds.POOL,
    }
)  # fmt: skip
"""Kinds that may name disks to copy."""

_MARKS = ("k8s.io/CloneRequest", "local.virtctl.io/snapshot")
_ORIGINS = ("pvc", "snapshot", "dataSource")


def check_copies(authorizer: Authorizer, kind: Kind, actor: Actor, document: Document) -> None:
    """Refuse references to disks that ``actor`` may not copy. Raises ``Forbidden``."""
    own = namespace_of(document)
    for namespace in dict.fromkeys(_namespaces(kind, document)):
        if namespace in {"", own}:
            continue
        asked = Asked("create", "cdi.kubevirt.io", "datavolumes", "source", namespace=namespace)
        if not authorizer.allows(actor, asked):
            raise Forbidden(
                f"User {actor.name} has insufficient permissions in clone source namespace "
                f"{namespace}"
            )


def _namespaces(kind: Kind, document: Document) -> Iterator[str]:
    match kind:
        case kinds.PVC:
            for field in ("dataSourceRef", "dataSource"):
                yield text(document, "spec", field, "namespace")
            marks = strings(document, "metadata", "annotations")
            yield from (marks[name].partition("/")[0] for name in _MARKS if name in marks)
        case kinds.VIRTUAL_MACHINE:
            yield from _of_templates(document)
        case kinds.POOL:
            yield from _of_templates(child(document, "spec", "virtualMachineTemplate"))
        case kinds.DATA_IMPORT_CRON:
            yield from _of_volume(child(document, "spec", "template"))
        case _:
            yield from _of_volume(document)


def _of_templates(machine: Document) -> Iterator[str]:
    for template in objects(machine, "spec", "dataVolumeTemplates"):
        yield from _of_volume(template)


def _of_volume(document: Document) -> Iterator[str]:
    spec = child(document, "spec")
    for origin in _ORIGINS:
        if find(spec, "source", origin) is not None:
            yield text(spec, "source", origin, "namespace")
    yield text(spec, "sourceRef", "namespace")
    for claim in ("pvc", "storage"):
        yield text(spec, claim, "dataSourceRef", "namespace")
