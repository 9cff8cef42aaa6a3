"""What a change of a machine's NICs will need: nothing, a migration, or a restart.

KubeVirt plugs NICs with the bridge binding and SR-IOV into running machines: it changes the pod's
annotation and migrates the machine to a pod that has the link. ``virtctl local`` needs none.
"""

from __future__ import annotations

from typing import NamedTuple

from virtctl.models.documents import Document, objects, text

_PLUGGABLE = frozenset({"bridge", "sriov"})


class Forecast(NamedTuple):
    """``word`` is next-start, live, migration or restart; ``said`` is a sentence."""

    word: str
    said: str


def forecast(vmi: Document | None, binding: str, *, local: bool, strategy: str) -> Forecast:
    """What it needs; ``strategy`` is KubeVirt's ``vmRolloutStrategy``, empty when unknown."""
    if not vmi or text(vmi, "status", "phase") in {"Succeeded", "Failed"}:
        return Forecast("next-start", "the machine does not run: it has it at its next start")
    if binding not in _PLUGGABLE:
        return Forecast("restart", f"a running machine cannot take {binding}: it needs a restart")
    if local:
        return Forecast("live", "live: the running guest takes it at once")
    if strategy == "Stage":
        said = "the cluster's vmRolloutStrategy is Stage: it needs a restart"
        return Forecast("restart", said)
    if not _migratable(vmi):
        return Forecast("restart", "the machine cannot migrate, so it needs a restart")
    return Forecast(
        "migration", "the cluster migrates the machine to plug it: it needs a migration"
    )


def _migratable(vmi: Document) -> bool:
    return any(
        (text(one, "type"), text(one, "status")) == ("LiveMigratable", "True")
        for one in objects(vmi, "status", "conditions")
    )
