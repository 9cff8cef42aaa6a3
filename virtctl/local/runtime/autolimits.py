"""Limits that machines' pods get though the machines have none: where a quota or the cluster asks.

A namespace with a quota for ``limits.cpu`` or ``limits.memory`` takes no pod without that limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.errors import InvalidField
from virtctl.models.documents import Document, child, strings
from virtctl.wire.labelselectors import read_selector

RATIO = "alpha.kubevirt.io/auto-memory-limits-ratio"
"""Label of a namespace: how many times what a pod requests its limit of memory is."""
_USUAL_RATIO = 2.0
_NAMESPACES = "autoCPULimitNamespaceLabelSelector"


@dataclass(frozen=True)
class AutoLimits:
    """``cpu`` limits a pod to its machine's CPUs, ``memory`` to so many times what it requests."""

    cpu: bool = False
    memory: float | None = None


NO_LIMITS = AutoLimits()


def automatic(
    quotas: Iterable[Document], namespace: Document, configuration: Document
) -> AutoLimits:
    """The limits of a namespace, given its quotas and the KubeVirt object's ``configuration``."""
    bounded = {name for quota in quotas for name in child(quota, "spec", "hard")}
    labels = strings(namespace, "metadata", "labels")
    return AutoLimits(
        cpu="limits.cpu" in bounded or _is_selected(labels, configuration),
        memory=_ratio(labels) if "limits.memory" in bounded else None,
    )


def _is_selected(labels: dict[str, str], configuration: Document) -> bool:
    if _NAMESPACES not in configuration:
        return False
    try:
        return read_selector(child(configuration, _NAMESPACES)).matches(labels)
    except InvalidField:  # upstream logs it and goes on
        return False


def _ratio(labels: dict[str, str]) -> float:
    try:
        told = float(labels.get(RATIO, ""))
    except ValueError:
        return _USUAL_RATIO
    return told if told >= 1 else _USUAL_RATIO
