"""What of a Pod may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from virtctl.errors import Cause
from virtctl.models import documents
from virtctl.models.documents import Document

_FIXED = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    "to 1 if it was previously negative)"
)
_COUNT = "Forbidden: pod updates may not add or remove containers"
_TOLERATED = "Forbidden: existing toleration can not be modified except its tolerationSeconds"
_LISTS = ("containers", "initContainers")


def pod_update_causes(document: Document, old: Document) -> Iterator[Cause]:
    """Why a pod may not be changed so: images, a deadline, more tolerations, nothing else."""
    before, after = documents.child(old, "spec"), deepcopy(documents.child(document, "spec"))
    for name in _LISTS:
        had, has = documents.objects(before, name), documents.objects(after, name)
        if len([*had]) != len([*has]):
            yield Cause("FieldValueForbidden", _COUNT, f"spec.{name}")
            return
    if not _tolerates(before, after):
        yield Cause("FieldValueForbidden", _TOLERATED, "spec.tolerations")
    if _kept(before) != _kept(after):
        yield Cause("FieldValueForbidden", _FIXED, "spec")


def _tolerates(before: Document, after: Document) -> bool:
    """Whether all that was tolerated still is, for however long; none gets the usual ones again."""
    if not after.get("tolerations"):
        return True
    had, has = (
        [*map(_toleration, documents.objects(one, "tolerations"))] for one in (before, after)
    )
    return all(one in has for one in had)


def _toleration(found: Document) -> Document:
    return {key: value for key, value in found.items() if key != "tolerationSeconds"}


def _kept(spec: Document) -> Document:
    """What of ``spec`` may not change."""
    kept = {
        key: value
        for key, value in spec.items()
        if key not in {"activeDeadlineSeconds", "tolerations", *_LISTS}
    }
    for name in _LISTS:
        kept[name] = [
            {key: value for key, value in one.items() if key != "image"}
            for one in documents.objects(spec, name)
        ]
    return kept
