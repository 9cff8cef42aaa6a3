"""Rules of backups: one at a time of each source."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import ApiError, Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents, kinds
from virtctl.models.documents import Document

VALIDATOR = "virtualmachinebackup-validator.backup.kubevirt.io"
TRACKER_VALIDATOR = "virtualmachinebackuptracker-validator.backup.kubevirt.io"
_GATE = "IncrementalBackup"


def backup_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with a new backup. Raises ``ApiError`` where backups are switched off."""
    if not context.is_create:
        return
    _check_gate(VALIDATOR, context)
    name, source = documents.name_of(document), documents.find(document, "spec", "source")
    for other in context.list(kinds.BACKUP, documents.namespace_of(document)):
        if documents.name_of(other) == name:
            yield invalid("metadata.name", f'VirtualMachineBackup "{name}" already exists')
            return
        if documents.find(other, "spec", "source") == source and not _is_over(other):
            problem = f'VirtualMachineBackup "{documents.name_of(other)}" in progress for source'
            yield invalid("spec.source", problem)
            return


def tracker_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Nothing but the gate. Raises ``ApiError`` where backups are switched off."""
    del document
    if context.is_create:
        _check_gate(TRACKER_VALIDATOR, context)
    return iter(())


def _check_gate(webhook: str, context: AdmissionContext) -> None:
    if not context.has_gate(_GATE):
        raise ApiError(
            f'admission webhook "{webhook}" denied the request: {_GATE} feature gate not enabled',
            code=400,
            reason="",
        )


def _is_over(backup: Document) -> bool:
    return any(
        condition.get("type") in {"Complete", "Failed"} and condition.get("status") == "True"
        for condition in documents.objects(backup, "status", "conditions")
    )
