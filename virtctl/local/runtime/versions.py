"""Annotations by which KubeVirt's controllers note the API version that they saw an object in."""

from __future__ import annotations

from virtctl.local.runtime.changes import Patch, patch
from virtctl.models.documents import Document, strings
from virtctl.models.kinds import Kind

OBSERVED = (
    "kubevirt.io/latest-observed-api-version",
    "kubevirt.io/storage-observed-api-version",
)
_VERSION = "v1"


def note_version(kind: Kind, document: Document) -> tuple[Patch, ...]:
    """The patch that notes the version on ``document``; none when it is noted."""
    known = strings(document, "metadata", "annotations")
    if all(known.get(annotation) == _VERSION for annotation in OBSERVED):
        return ()
    noted: Document = dict.fromkeys(OBSERVED, _VERSION)
    return (patch(kind, document, {"metadata": {"annotations": noted}}),)
