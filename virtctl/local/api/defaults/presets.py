"""Presets, deprecated since instancetypes: parts of a domain for instances with some labels.

A preset never overrides what an instance says itself: a part that differs is left out, and a
preset of which nothing fits isn't noted on the instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise

from virtctl.errors import Cause, InvalidField
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.wire.labelselectors import read_selector

EXCLUDE = "virtualmachineinstancepresets.admission.kubevirt.io/exclude"
"""Annotation of instances that no preset is for."""
_APPLIED = "virtualmachinepreset.kubevirt.io/"
_PARTS = (
    ("cpu",), ("memory",), ("firmware",), ("clock",), ("features",), ("ioThreadsPolicy",),
    ("devices", "watchdog"),
)  # fmt: skip
_DEPRECATED = (
    "kubevirt.io/v1 VirtualMachineInstancePresets is now deprecated and will be removed in v2."
)


def warn_of_presets(document: Document, context: AdmissionContext) -> None:
    """Say that presets are going away, where an instance says that it has one."""
    annotations = documents.strings(document, "metadata", "annotations")
    if any("virtualmachinepreset" in name for name in annotations):
        context.warnings.append(_DEPRECATED)


def apply_presets(document: Document, context: AdmissionContext) -> list[Cause]:
    """Merge the presets of its namespace into a new instance, in place.

    Returns why they can't be; then nothing is merged.
    """
    if documents.strings(document, "metadata", "annotations").get(EXCLUDE) == "true":
        return []
    presets = list(_matching(document, context))
    causes = list(_conflicts(presets))
    if not causes:
        domain = documents.ensure(document, "spec", "domain")
        for preset in presets:
            if _merge(documents.child(preset, "spec", "domain"), domain):
                annotations = documents.ensure(document, "metadata", "annotations")
                annotations[f"{_APPLIED}{documents.name_of(preset)}"] = kinds.PRESET.api_version
    return causes


def _matching(document: Document, context: AdmissionContext) -> Iterator[Document]:
    labels = documents.strings(document, "metadata", "labels")
    for preset in context.list(kinds.PRESET, documents.namespace_of(document)):
        try:
            selector = read_selector(documents.child(preset, "spec", "selector"))
        except InvalidField:
            continue  # it was stored before selectors were checked
        if selector.matches(labels):
            yield preset


def _conflicts(presets: list[Document]) -> Iterator[Cause]:
    """Parts that two presets would set to different values."""
    for first, second in pairwise(presets):
        for path in (*_PARTS, ("resources", "requests")):
            one = documents.find(first, "spec", "domain", *path)
            other = documents.find(second, "spec", "domain", *path)
            if one is not None and other is not None and one != other:
                names = f"{documents.name_of(first)} and {documents.name_of(second)}"
                field = ".".join(("spec.domain", *path))
                yield invalid(
                    field,
                    "VirtualMachinePresets cannot be applied due to conflicts: presets "
                    f"{names} conflict: {field}",
                )


def _merge(preset: Document, domain: Document) -> bool:
    """Set the parts that ``domain`` leaves open; whether the preset is in it now."""
    applied = False
    for path in _PARTS:
        wanted, own = documents.find(preset, *path), documents.find(domain, *path)
        if wanted is None:
            continue
        if own is None:
            documents.put(domain, deepcopy(wanted), *path)
        applied = applied or own in (None, wanted)
    for name, value in documents.child(preset, "resources", "requests").items():
        requests = documents.ensure(domain, "resources", "requests")
        requests.setdefault(name, value)
        applied = applied or requests[name] == value
    return applied
