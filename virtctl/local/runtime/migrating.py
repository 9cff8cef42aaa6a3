"""What the parts of a migration read of each other's objects. Pure.

A migration is told of in three places: in its own status, in ``migrationState`` of the instance
that moves, and by the labels of the pod that is to take the guest (api.md §1.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from virtctl.local.runtime.owners import is_deleting
from virtctl.models.documents import Document, JsonValue, child, flag, strings, text, uid_of

JOB = "kubevirt.io/migrationJobUID"
"""Label of the pod that is to take a guest: the uid of its migration."""
JOB_NAME = "kubevirt.io/migrationJobName"
"""Annotation of such a pod: the name of its migration."""
TARGET_NODE = "kubevirt.io/migrationTargetNodeName"
"""Label of an instance that moves: the node that it goes to."""
OVER = frozenset({"Succeeded", "Failed"})


def job_of(pod: Document) -> str:
    """The uid of the migration that a pod was made for; empty for an instance's first pod."""
    return strings(pod, "metadata", "labels").get(JOB, "")


def state_of(vmi: Document, migration: str = "") -> Document:
    """``migrationState`` of an instance, when it is about the migration of this uid or any."""
    state = child(vmi, "status", "migrationState")
    return state if not migration or text(state, "migrationUid") == migration else {}


def with_state(vmi: Document, **changes: JsonValue) -> Document:
    """The status of an instance with changes of its ``migrationState``; None takes a field away."""
    status = deepcopy(child(vmi, "status"))
    state: Document = {**child(status, "migrationState"), **changes}
    status["migrationState"] = {key: value for key, value in state.items() if value is not None}
    return status


def is_under_way(state: Document) -> bool:
    """Whether an instance was handed to a migration that is not over."""
    return bool(text(state, "migrationUid")) and not (
        flag(state, "completed") or flag(state, "failed")
    )


def guest_pod(vmi: Document, pods: Iterable[Document]) -> Document | None:
    """Of an instance's pods the one that its guest is in, or is to start in.

    The guest is where ``activePods`` says; before there is any, it is no pod of a migration.
    """
    near = list(pods)
    active = child(vmi, "status", "activePods")
    known = [pod for pod in near if uid_of(pod) in active]
    known = known or [pod for pod in near if not job_of(pod)]
    staying = [pod for pod in known if not is_deleting(pod)]
    return next(iter(staying or known), None)


def migrations_of(migrations: Iterable[Document], name: str) -> list[Document]:
    """Those of a namespace's migrations that are about the instance ``name``."""
    return [one for one in migrations if text(one, "spec", "vmiName") == name]


def is_final(migration: Document) -> bool:
    """Whether a migration is over."""
    return text(migration, "status", "phase") in OVER
