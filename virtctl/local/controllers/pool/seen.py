"""What the pool controller looks at, and how it reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from virtctl.local.runtime import conditions
from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import Document, child, find, integer, name_of, strings, text
from virtctl.models.kinds import Kind

FINALIZER = "pool.kubevirt.io/finalizer"
REVISION = "kubevirt.io/vm-pool-revision-name"
"""Label of a machine and of its template: the pool's revision that they were made from."""


@dataclass(frozen=True)
class Storage:
    """A claim or data volume of a machine."""

    kind: Kind
    document: Document


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A pool, its machines, and what belongs to them.

    ``detached`` machines are the pool's but fit its selector no more. ``taken`` are the names of
    all machines of the namespace; ``instances``, ``storage`` are by machine, ``revisions`` the
    pool's by name.
    """

    pool: Document
    machines: tuple[Document, ...] = ()
    detached: tuple[Document, ...] = ()
    taken: frozenset[str] = frozenset()
    instances: dict[str, Document] = field(default_factory=dict)
    revisions: dict[str, Document] = field(default_factory=dict)
    storage: dict[str, tuple[Storage, ...]] = field(default_factory=dict)

    @property
    def staying(self) -> list[Document]:
        """The machines that are not on their way out."""
        return [vm for vm in self.machines if not is_deleting(vm)]

    @property
    def leaving(self) -> list[Document]:
        """The machines that are on their way out."""
        return [vm for vm in self.machines if is_deleting(vm)]


def replicas(pool: Document) -> int:
    """``spec.replicas``, 1 unless given."""
    return integer(pool, "spec", "replicas", default=1)


def has(pool: Document, *path: str) -> bool:
    """Whether a part of the spec is given, be it empty."""
    return find(pool, "spec", *path) is not None


def template(pool: Document) -> Document:
    """``spec.virtualMachineTemplate``."""
    return child(pool, "spec", "virtualMachineTemplate")


def revision_name(pool: Document) -> str:
    """Name of the ControllerRevision of the pool as it is."""
    return f"{name_of(pool)}-{integer(pool, 'metadata', 'generation')}"


def revision_of(document: Document) -> str:
    """The pool's revision that a machine or instance was made from; empty when it tells none."""
    return strings(document, "metadata", "labels").get(REVISION, "")


def index_of(vm: Document) -> int:
    """The number at the end of a machine's name; 0 when there is none."""
    digits = name_of(vm).rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def is_ready(document: Document) -> bool:
    """Whether a machine or instance is up."""
    return conditions.holds(document, "Ready")


def is_available(vmi: Document | None) -> bool:
    """Whether an instance runs and serves."""
    if vmi is None or is_deleting(vmi):
        return False
    return text(vmi, "status", "phase") == "Running" and is_ready(vmi)
