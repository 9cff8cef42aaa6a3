"""memorydump and removememorydump: the claim that a machine's memory is to be dumped to.

A request that passes all checks is recorded; the node carries it out (``node.memorydumps``).
"""

from __future__ import annotations

from virtctl.errors import BadRequest, Conflict, NotFound
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import gates, instances, refusals
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import CDI_CONFIG, PVC, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.patches import json_patch
from virtctl.wire.quantities import Notation, Quantity, parse_quantity, quantity_or_none

_GATES = ("HotplugVolumes", "DeclarativeHotplugVolumes")
_EXTRA = parse_quantity("100Mi")  # what a dump needs beside the guest's memory
_PATH = ("status", "memoryDumpRequest")
_CLAIM = "persistentvolumeclaim.kubevirt.io"


class MemoryDumps:
    """The verbs. Each takes the decoded options body and raises ``ApiError`` to refuse."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def request(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Ask for a dump to the claim in ``body``, or to the one that was asked for before."""
        self._check_gates()
        vm = instances.machine(self._service, namespace, name)
        known = documents.child(vm, *_PATH)
        claim = documents.text(body, "claimName") or documents.text(known, "claimName")
        if not claim:
            raise BadRequest("Memory dump requires claim name to be set")
        former = documents.text(known, "claimName")
        if known and former != claim:
            raise refusals.conflict(
                VIRTUAL_MACHINE,
                name,
                f"can't request memory dump for pvc [{claim}] while pvc [{former}] "
                "is still associated as the memory dump pvc",
            )
        vmi = instances.instance(self._service, namespace, name)
        if instances.phase(vmi) != "Running":
            raise refusals.conflict(VIRTUAL_MACHINE_INSTANCE, name, "VMI is not running")
        self._check_claim(namespace, claim, vmi)
        problem = _problem(known, claim)
        if problem:
            raise refusals.conflict(VIRTUAL_MACHINE, name, problem)
        self._write(vm, {"claimName": claim, "phase": "Associating"}, actor, body)

    def remove(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Ask for the claim to be forgotten, once no dump is under way."""
        vm = instances.machine(self._service, namespace, name)
        known = documents.child(vm, *_PATH)
        if not known:
            raise refusals.conflict(
                VIRTUAL_MACHINE,
                name,
                f"can't remove memory dump association for vm {name}, no association found",
            )
        claim = documents.text(known, "claimName")
        if known.get("remove") is True:
            raise refusals.conflict(
                VIRTUAL_MACHINE,
                name,
                f"memory dump remove request for pvc [{claim}] already exists",
            )
        leaving: Document = {"claimName": claim, "phase": "Dissociating", "remove": True}
        self._write(vm, leaving, actor, body)

    def _check_gates(self) -> None:
        if not any(gates.is_on(self._service, gate) for gate in _GATES):
            raise BadRequest(
                "Enable DeclarativeHotplugVolumes or HotplugVolumes feature gate to use this API."
            )

    def _check_claim(self, namespace: str, name: str, vmi: Document) -> None:
        try:
            claim = self._service.get(PVC, namespace, name)
        except NotFound:
            raise refusals.missing_of(_CLAIM, name) from None
        if documents.text(claim, "spec", "volumeMode") == "Block":
            raise _refused(name, "pvc should be filesystem pvc")
        if documents.items(claim, "spec", "accessModes") == ["ReadOnlyMany"]:
            raise _refused(name, "pvc access mode can't be read only")
        wanted = self._needed(vmi, documents.text(claim, "spec", "storageClassName"))
        there = quantity_or_none(documents.find(claim, "spec", "resources", "requests", "storage"))
        if there is not None and there.nano < wanted.nano:
            raise _refused(name, f"pvc size [{there}] should be bigger then [{wanted}]")

    def _needed(self, vmi: Document, storage_class: str) -> Quantity:
        # Guests whose memory is not requested count for nothing, in virt-api as in its client.
        memory = quantity_or_none(
            documents.find(vmi, "spec", "domain", "resources", "requests", "memory")
        )
        net = _EXTRA if memory is None else memory + _EXTRA
        overhead = 1 + self._overhead(storage_class)
        return Quantity.of(int(net.value * overhead), Notation.BINARY)

    def _overhead(self, storage_class: str) -> float:
        """The share that a file system takes for itself, as CDI is configured."""
        for config in self._service.list(CDI_CONFIG).items:
            found = documents.child(config, "status", "filesystemOverhead")
            own = documents.child(found, "storageClass").get(storage_class)
            share = own or found.get("global")
            return float(share) if isinstance(share, str) else 0.0
        return 0.0

    def _write(self, vm: Document, request: Document, actor: Actor, body: Document) -> None:
        operations: list[Document] = []
        if "status" not in vm:
            operations.append({"op": "add", "path": "/status", "value": {}})
        operations.append({"op": "add", "path": "/status/memoryDumpRequest", "value": request})
        system = Actor(actor.name, actor.groups, actor.uid, system=True)
        self._service.patch(
            VIRTUAL_MACHINE,
            documents.namespace_of(vm),
            documents.name_of(vm),
            json_patch(*operations),
            subresource="status",
            options=WriteOptions(actor=system, dry_run="All" in documents.items(body, "dryRun")),
        )


def _problem(known: Document, claim: str) -> str:
    """Why no dump can be asked for while ``known`` is there."""
    match documents.text(known, "phase"):
        case "Dissociating":
            return (
                f"can't dump memory for pvc [{claim}] a remove memory dump request is in progress"
            )
        case "" | "Completed" | "Failed":
            return ""
        case _:
            return f"memory dump request for pvc [{claim}] already in progress"


def _refused(claim: str, problem: str) -> Conflict:
    return refusals.conflict_of(_CLAIM, claim, problem)
