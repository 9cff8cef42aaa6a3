"""migrate and evacuate/cancel: asking for a machine to be moved, and not to be."""

from __future__ import annotations

from virtctl.errors import ApiError, BadRequest
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.local.api.verbs import instances, refusals
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import (
    KUBEVIRT,
    MIGRATION,
    NODE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
)
from virtctl.wire.patches import json_patch

_DRAIN_TAINT = "kubevirt.io/drain"


class Moves:
    """The verbs. Each takes the decoded options body and raises ``ApiError`` to refuse."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def migrate(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Create a migration of the machine's instance, which is admitted like any other.

        A migration that is not admitted is a failure within, as virt-api sees it.
        """
        instances.machine(self._service, namespace, name)
        if instances.phase(instances.instance(self._service, namespace, name)) != "Running":
            raise refusals.conflict(VIRTUAL_MACHINE, name, "VM is not running")
        spec: Document = {"vmiName": name}
        selector = documents.child(body, "addedNodeSelector")
        if selector:
            spec["addedNodeSelector"] = selector
        migration: Document = {
            "apiVersion": MIGRATION.api_version,
            "kind": MIGRATION.name,
            "metadata": {"generateName": "kubevirt-migrate-vm-"},
            "spec": spec,
        }
        options = WriteOptions(actor=actor, dry_run=_is_dry(body))
        try:
            self._service.create(MIGRATION, namespace, migration, options)
        except ApiError as error:
            raise refusals.internal(error.message) from error

    def cancel_machine(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Let the instance of a machine stay where it is."""
        vmi = instances.instance_of_machine(self._service, namespace, name)
        self._cancel(vmi, body, actor)

    def cancel_instance(self, namespace: str, name: str, body: Document, actor: Actor) -> None:
        """Let an instance stay where it is, unless its node is still to be drained."""
        self._cancel(instances.instance(self._service, namespace, name), body, actor)

    def _cancel(self, vmi: Document, body: Document, actor: Actor) -> None:
        namespace, name = documents.namespace_of(vmi), documents.name_of(vmi)
        leaving = documents.text(vmi, "status", "evacuationNodeName")
        node = leaving or documents.text(vmi, "status", "nodeName")
        drain = self._drain_taint()
        if self._has_taint(node, drain):
            raise BadRequest(f'Node "{node}" has NodeDrainTaintKey "{drain}:NoSchedule"')
        if not leaving:
            return
        asked = documents.text(body, "evacuationNodeName")
        if asked != leaving:
            raise refusals.internal(
                f"VMI {namespace}/{name} is to leave node {leaving}, not `{asked}`"
            )
        system = Actor(actor.name, actor.groups, actor.uid, system=True)
        path = "/status/evacuationNodeName"
        self._service.patch(
            VIRTUAL_MACHINE_INSTANCE,
            namespace,
            name,
            json_patch(
                {"op": "test", "path": path, "value": leaving}, {"op": "remove", "path": path}
            ),
            options=WriteOptions(actor=system, dry_run=_is_dry(body)),
        )

    def _drain_taint(self) -> str:
        for installed in self._service.list(KUBEVIRT).items:
            path = ("spec", "configuration", "migrations", "nodeDrainTaintKey")
            return documents.text(installed, *path) or _DRAIN_TAINT
        return _DRAIN_TAINT

    def _has_taint(self, name: str, key: str) -> bool:
        """Whether a node has a taint that keeps machines away. Raises ``InternalError``."""
        node = self._service.find(NODE, None, name)
        if node is None:
            raise refusals.internal(f'nodes "{name}" not found')
        return any(
            documents.text(taint, "key") == key and documents.text(taint, "effect") == "NoSchedule"
            for taint in documents.objects(node, "spec", "taints")
        )


def _is_dry(body: Document) -> bool:
    return "All" in documents.items(body, "dryRun")
