"""What of a DataVolume may be changed: nothing of its spec but the checkpoints of an import."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import duplicate
from virtctl.models import documents
from virtctl.models.documents import Document

VALIDATOR = "datavolume-validate.cdi.kubevirt.io"
_GROWS = {"checkpoints", "finalCheckpoint"}


def data_volume_causes(document: Document, context: AdmissionContext) -> Iterator[Cause]:
    """Why a DataVolume may not be changed so, in CDI's words."""
    if context.old is None or _fixed(document) == _fixed(context.old):
        return
    place = f"{documents.namespace_of(document)}/{documents.name_of(document)}"
    yield duplicate("DataVolume.Spec", f"Cannot update spec for DataVolume {place}")


def _fixed(document: Document) -> Document:
    spec = documents.child(document, "spec")
    return {name: value for name, value in spec.items() if name not in _GROWS}
