"""Defaults of a PersistentVolumeClaim: what kube-apiserver fills in."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext
from virtctl.models import documents
from virtctl.models.documents import Document

PROTECTION = "kubernetes.io/pvc-protection"


def default_claim(document: Document, context: AdmissionContext) -> None:
    """Fill in a claim, in place; one that is new is kept until no pod uses it."""
    documents.ensure(document, "spec").setdefault("volumeMode", "Filesystem")
    held = documents.items(document, "metadata", "finalizers")
    if context.is_create and PROTECTION not in held:
        documents.put(document, [*held, PROTECTION], "metadata", "finalizers")
