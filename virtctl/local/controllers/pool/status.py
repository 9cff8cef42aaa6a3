"""``VirtualMachinePool.status``: counts and conditions, and what is said of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.local.controllers.pool.seen import Seen, is_ready
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Announce, status_patch
from virtctl.local.runtime.conditions import condition
from virtctl.models.documents import Document, JsonValue, child, flag, objects, text
from virtctl.models.kinds import POOL
from virtctl.wire.labelselectors import spell_selector


def is_paused(pool: Document) -> bool:
    """Whether nothing is to be made, removed or updated."""
    return flag(pool, "spec", "paused")


def report(seen: Seen, now: float, failure: Document | None = None) -> Iterator[reconcile.Doable]:
    """The status as it should be; ``failure`` is the condition of what just went wrong."""
    pool = seen.pool
    status = dict(child(pool, "status"))
    was_paused = conditions.holds(pool, "ReplicaPaused")
    wanted = [] if failure is None else [failure]
    if is_paused(pool):
        message = "Pool controller is paused"
        wanted.append(
            condition("ReplicaPaused", "True", reason="SuccessfulPaused", message=message)
        )
    drop = {"ReplicaFailure", "ReplicaPaused"} - {text(one, "type") for one in wanted}
    found = conditions.merged(objects(pool, "status", "conditions"), wanted, now, drop=drop)
    _put(status, "labelSelector", spell_selector(child(pool, "spec", "selector")))
    _put(status, "replicas", len(seen.machines))
    _put(status, "readyReplicas", sum(is_ready(vm) for vm in seen.machines))
    _put(status, "conditions", found)
    yield from status_patch(POOL, pool, status)
    if is_paused(pool) and not was_paused:
        yield Announce(about=pool, reason="SuccessfulPaused", message="Pool is paused")
    elif was_paused and not is_paused(pool):
        yield Announce(about=pool, reason="SuccessfulResume", message="Pool is unpaused")


def _put(status: Document, key: str, value: JsonValue) -> None:
    """Set ``key``, or leave it out when it says nothing, as Go's ``omitempty`` does."""
    if value:
        status[key] = value
    else:
        status.pop(key, None)
