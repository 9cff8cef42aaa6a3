"""Defaults of a VirtualMachineClone: what the copy is called when nobody says."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE


def default_clone(document: Document, context: AdmissionContext) -> None:
    """Name the target of a new clone, in place: ``clone-<source>-`` and five characters."""
    if not context.is_create:
        return
    source = documents.text(document, "spec", "source", "name")
    spec = documents.ensure(document, "spec")
    if spec.get("target") is None:
        spec["target"] = {"apiGroup": VIRTUAL_MACHINE.group, "kind": VIRTUAL_MACHINE.name}
    target = documents.child(spec, "target")
    if target.get("name"):
        return
    target.setdefault("kind", "")  # as Go prints it, which prints the empty template too
    target["name"] = f"clone-{source}-{context.new_uuid()[:5]}"
    spec.setdefault("template", {})
