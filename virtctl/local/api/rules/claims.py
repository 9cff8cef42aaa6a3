"""What of a PersistentVolumeClaim may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.errors import Cause
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.quantities import quantity_or_none

_FIXED = (
    "Forbidden: spec is immutable after creation except resources.requests and "
    "volumeAttributesClassName for bound claims"
)
_SIZE = ("resources", "requests", "storage")


def claim_update_causes(document: Document, old: Document) -> Iterator[Cause]:
    """Why a claim may not be changed so: a bound one may grow, and nothing else."""
    before, after = documents.child(old, "spec"), deepcopy(documents.child(document, "spec"))
    if documents.text(old, "status", "phase") == "Bound":
        asked = quantity_or_none(documents.find(after, *_SIZE))
        had = quantity_or_none(documents.find(before, *_SIZE))
        if asked is not None and had is not None and asked < had:
            problem = "Forbidden: field can not be less than status.capacity"
            yield Cause("FieldValueForbidden", problem, "spec.resources.requests.storage")
            return
        for part in (("resources", "requests"), ("volumeAttributesClassName",)):
            known = documents.find(before, *part)
            if known is not None:
                documents.put(after, known, *part)
    if after != before:
        yield Cause("FieldValueForbidden", _FIXED, "spec")
