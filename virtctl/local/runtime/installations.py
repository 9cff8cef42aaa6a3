"""What operators' own objects say once their work is done: CDI's, AAQ's and MTQ's alike.

Here there is nothing to deploy, so it is done from the start. The words are those of
kubevirt.io/controller-lifecycle-operator-sdk, which these operators share.
"""

from __future__ import annotations

from virtctl.local.runtime import conditions
from virtctl.local.runtime.conditions import condition
from virtctl.models.documents import Document, child, objects

_WELL = (("Available", "True"), ("Progressing", "False"), ("Degraded", "False"))
_VERSIONS = ("operatorVersion", "targetVersion", "observedVersion")


def deployed(installation: Document, version: str, now: float) -> Document:
    """The status of an operator's object whose work is done; ``now`` in seconds since 1970."""
    said = [
        condition(kind, value, reason="DeployCompleted", message="Deployment Completed")
        for kind, value in _WELL
    ]
    return {
        **child(installation, "status"),
        "phase": "Deployed",
        "conditions": conditions.merged(objects(installation, "status", "conditions"), said, now),
        **dict.fromkeys(_VERSIONS, version),
    }
