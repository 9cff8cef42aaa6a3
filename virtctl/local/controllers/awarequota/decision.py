"""Which pods are let go, and what quotas say of themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from virtctl.local.api.quotas import aware
from virtctl.local.api.quotas.usage import Usage, total
from virtctl.local.controllers.awarequota.world import Limit, World, runs, waiting
from virtctl.local.runtime.changes import (
    Change,
    Create,
    delete,
    patch,
    patch_of,
    status_patch,
)
from virtctl.local.runtime.installations import deployed
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    name_of,
    namespace_of,
    strings,
    uid_of,
)
from virtctl.models.kinds import (
    AAQ,
    AWARE_APPLIED_QUOTA,
    AWARE_CLUSTER_QUOTA,
    AWARE_QUOTA,
    POD,
    RESOURCE_QUOTA,
)

MANAGED = "aaq.managed.rq"
"""Label of the ResourceQuotas that limit what is no pod."""
_SUFFIX = "-non-schedulable-resources-managed-rq-x"


def decide(world: World, version: str, now: float) -> Iterator[Change]:
    """What to do about all pods and quotas."""
    if world.aaq is not None:
        status = deployed(world.aaq, version or "dev", now)
        yield from status_patch(AAQ, world.aaq, status)
    limits = list(world.limits())
    going = list(released(world, limits))
    for pod in going:
        yield patch(POD, pod, {"spec": {"schedulingGates": aware.without_gate(pod) or None}})
    running = (*(pod for pod in world.pods if runs(pod)), *going)
    for limit in limits:
        yield from _statuses(world, limit, running)
    yield from _managed(world)
    yield from _stale(world)


def released(world: World, limits: Iterable[Limit]) -> Iterator[Document]:
    """The pods that there is room for, each with those before it; all where AAQ is no more."""
    running = tuple(pod for pod in world.pods if runs(pod))
    state = [(limit, limit.hard, _sum(world, limit, running)) for limit in limits]
    for pod in waiting(world):
        if not world.is_for(namespace_of(pod)):
            yield pod
            continue
        wanted = world.usage(pod)
        concerned = [(hard, used) for limit, hard, used in state if limit.counts(pod)]
        if all(
            used[name] + wanted[name] <= most
            for hard, used in concerned
            for name, most in hard.items()
            if wanted.get(name)
        ):
            for _, used in concerned:
                used.update({name: used[name] + wanted[name] for name in used if name in wanted})
            yield pod


def _sum(world: World, limit: Limit, running: tuple[Document, ...]) -> Usage:
    return total(limit.used(world, running, namespace) for namespace in limit.namespaces) or (
        limit.used(world, (), "")
    )


# --- what quotas say ------------------------------------------------------------------------


def _statuses(world: World, limit: Limit, running: tuple[Document, ...]) -> Iterator[Change]:
    given: Document = dict(child(limit.rules, "spec", "hard"))
    if limit.rules is limit.quota:
        used = limit.used(world, running, namespace_of(limit.quota))
        yield from status_patch(AWARE_QUOTA, limit.quota, _status(given, used))
        return
    each: list[JsonValue] = [
        {
            "namespace": namespace,
            "status": _status(given, limit.used(world, running, namespace)),
        }
        for namespace in limit.namespaces
    ]
    status: Document = {"total": _status(given, _sum(world, limit, running)), "namespaces": each}
    yield from status_patch(AWARE_CLUSTER_QUOTA, limit.quota, status)
    yield from _applied(world, limit, status)


def _status(hard: Document, used: Usage) -> Document:
    return {"hard": hard, "used": {name: str(amount) for name, amount in sorted(used.items())}}


def _applied(world: World, limit: Limit, status: Document) -> Iterator[Change]:
    """The quota as the users of each namespace see it."""
    there = {
        namespace_of(one): one for one in world.applied if name_of(one) == name_of(limit.quota)
    }
    spec: Document = dict(child(limit.quota, "spec"))
    for namespace in limit.namespaces:
        wanted: Document = {"spec": spec, "status": status}
        if namespace in there:
            yield from patch_of(AWARE_APPLIED_QUOTA, there[namespace], there[namespace] | wanted)
        else:
            made: Document = {
                "apiVersion": AWARE_APPLIED_QUOTA.api_version,
                "kind": AWARE_APPLIED_QUOTA.name,
                "metadata": {
                    "name": name_of(limit.quota),
                    "namespace": namespace,
                    "ownerReferences": [_owner(limit.quota, AWARE_CLUSTER_QUOTA.name)],
                },
                **wanted,
            }
            yield Create(kind=AWARE_APPLIED_QUOTA, document=made)


def _stale(world: World) -> Iterator[Change]:
    """Ends what shows a cluster quota where it does not apply any more."""
    valid: set[tuple[str, str]] = set()
    if world.allows_cluster_quotas:
        valid = {
            (name_of(quota), namespace)
            for quota in world.cluster_quotas
            for namespace in world.chosen(quota)
        }
    for one in world.applied:
        if (name_of(one), namespace_of(one)) not in valid:
            yield delete(AWARE_APPLIED_QUOTA, one)


def _managed(world: World) -> Iterator[Change]:
    """ResourceQuotas for what quotas limit besides pods, which those can do themselves."""
    there = {(namespace_of(one), name_of(one)): one for one in world.managed}
    wanted: set[tuple[str, str]] = set()
    for quota in world.quotas:
        made = _managed_for(quota)
        if made is None:
            continue
        key = namespace_of(made), name_of(made)
        wanted.add(key)
        known = there.get(key)
        if known is None:
            yield Create(kind=RESOURCE_QUOTA, document=made)
        else:
            yield from patch_of(RESOURCE_QUOTA, known, known | {"spec": made["spec"]})
    for key, known in there.items():
        if key not in wanted:
            yield delete(RESOURCE_QUOTA, known)


def _managed_for(quota: Document) -> Document | None:
    hard = {
        name: amount
        for name, amount in child(quota, "spec", "hard").items()
        if not aware.is_of_pods(name)
    }
    if not hard:
        return None
    return {
        "apiVersion": RESOURCE_QUOTA.api_version,
        "kind": RESOURCE_QUOTA.name,
        "metadata": {
            "name": f"{name_of(quota)}{_SUFFIX}",
            "namespace": namespace_of(quota),
            "labels": {MANAGED: "true"},
            "ownerReferences": [_owner(quota, AWARE_QUOTA.name)],
        },
        "spec": {"hard": hard},
    }


def is_managed(quota: Document) -> bool:
    """Whether a ResourceQuota was made for an application-aware one."""
    return MANAGED in strings(quota, "metadata", "labels")


def _owner(quota: Document, kind: str) -> Document:
    return {
        "apiVersion": AWARE_QUOTA.api_version,
        "kind": kind,
        "name": name_of(quota),
        "uid": uid_of(quota),
        "controller": True,
        "blockOwnerDeletion": True,
    }
