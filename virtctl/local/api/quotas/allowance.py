"""ResourceQuotas: what counts for one, how much of it is used, and what goes beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from virtctl.errors import Forbidden, StatusDetails
from virtctl.local.api.context import Stored
from virtctl.local.api.quotas.usage import (
    Usage,
    counts,
    is_launcher,
    missing,
    total,
    usage_of,
)
from virtctl.models.documents import (
    Document,
    child,
    find,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import (
    KINDS,
    MIGRATION_QUOTA,
    POD,
    PVC,
    RESOURCE_QUOTA,
    SERVICE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)
from virtctl.wire.quantities import Quantity, parse_quantity

_TARGET = "kubevirt.io/migrationJobUID"


CHANGEABLE = frozenset({SERVICE, PVC})
"""Kinds whose objects may use more after a change."""


def check(kind: Kind, document: Document, stored: Stored, old: Document | None = None) -> None:
    """Refuse an object that goes beyond a quota of its namespace. Raises ``Forbidden``.

    Of one that there is already, as ``old``, what it uses more counts.
    """
    if not kind.namespaced or not counts(kind, document):
        return
    namespace = namespace_of(document)
    quotas = sorted(stored.list(RESOURCE_QUOTA, namespace), key=name_of)
    if not quotas:
        return
    for quota in quotas:
        if not in_scope(quota, kind, document):
            continue
        limits = hard(quota) | more_for_migration(kind, document, quota, stored)
        if kind == POD:
            lacking = missing(document, limits)
            if lacking:
                raise _forbidden(
                    kind, document, f"failed quota: {name_of(quota)}: must specify {lacking}"
                )
        wanted = _more(usage_of(kind, document, machine_of(document, stored)), kind, old)
        _compare(quota, limits, kind, document, (wanted, stored))


def _more(wanted: Usage, kind: Kind, old: Document | None) -> Usage:
    """What is used beyond what ``old`` uses."""
    before = usage_of(kind, old) if old is not None else {}
    return {
        name: amount - before[name] if name in before else amount
        for name, amount in wanted.items()
        if name not in before or amount > before[name]
    }


def _compare(
    quota: Document,
    limits: Mapping[str, Quantity],
    kind: Kind,
    document: Document,
    more: tuple[Usage, Stored],
) -> None:
    wanted, stored = more
    concerned = {name for name, amount in wanted.items() if name in limits and amount}
    if not concerned:
        return
    used = used_of(quota, concerned, stored)
    beyond = sorted(name for name in concerned if used[name] + wanted[name] > limits[name])
    if beyond:
        why = (
            f"exceeded quota: {name_of(quota)}, requested: {_spell(wanted, beyond)}, "
            f"used: {_spell(used, beyond)}, limited: {_spell(limits, beyond)}"
        )
        raise _forbidden(kind, document, why)


def more_for_migration(
    kind: Kind, document: Document, quota: Document, stored: Stored
) -> dict[str, Quantity]:
    """The limits of ``quota`` that MTQ raises for a pod that a machine is moved into."""
    if kind != POD or _TARGET not in strings(document, "metadata", "labels"):
        return {}
    limits = hard(quota)
    for more in stored.list(MIGRATION_QUOTA, namespace_of(document)):
        for name, amount in child(more, "spec", "additionalMigrationResources").items():
            if name in limits and isinstance(amount, (str, int, float)):
                limits[name] += parse_quantity(amount)
    return limits


def _spell(amounts: Mapping[str, Quantity], names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names)


def _forbidden(kind: Kind, document: Document, why: str) -> Forbidden:
    name = name_of(document)
    return Forbidden(
        f'{kind.resource} "{name}" is forbidden: {why}',
        StatusDetails(name=name, group=kind.group, kind=kind.plural),
    )


def hard(quota: Document) -> dict[str, Quantity]:
    """``spec.hard``."""
    return {
        name: parse_quantity(amount)
        for name, amount in child(quota, "spec", "hard").items()
        if isinstance(amount, (str, int, float))
    }


def used_of(quota: Document, names: Iterable[str], stored: Stored) -> dict[str, Quantity]:
    """How much of each resource is used; those of which nothing is known are left out."""
    wanted = set(names)
    namespace = namespace_of(quota)
    found: dict[str, Quantity] = {}
    for kind in kinds_of(wanted):
        usages = [
            usage_of(kind, one, machine_of(one, stored))
            for one in stored.list(kind, namespace)
            if counts(kind, one) and in_scope(quota, kind, one)
        ]
        sums = total(usages)
        found |= {name: sums[name] for name in wanted & sums.keys()}
    for name in wanted:
        if name not in found and _kinds_of_name(name):
            found[name] = Quantity(0)
    return found


def kinds_of(names: Iterable[str]) -> list[Kind]:
    """The kinds whose objects use any of the resources."""
    return list(dict.fromkeys(kind for name in sorted(names) for kind in _kinds_of_name(name)))


def _kinds_of_name(name: str) -> list[Kind]:
    """The kinds whose objects use a resource."""
    counted = name.removeprefix("count/")
    for kind in KINDS:
        if kind.namespaced and counted == kind.resource:
            return [kind]
    if name == "requests.storage" or "storageclass.storage.k8s.io/" in name:
        return [PVC]
    if name.startswith("services."):
        return [SERVICE]
    pods = name.startswith(("requests.", "limits.", "hugepages-"))
    return [POD] if pods or name in {"cpu", "memory", "ephemeral-storage"} else []


def machine_of(document: Document, stored: Stored) -> Document | None:
    """The machine in a launcher pod."""
    if document.get("kind") != POD.name or not is_launcher(document):
        return None
    name = strings(document, "metadata", "annotations").get("kubevirt.io/domain", "")
    return stored.get(VIRTUAL_MACHINE_INSTANCE, namespace_of(document), name) if name else None


# --- scopes ---------------------------------------------------------------------------------


def in_scope(quota: Document, kind: Kind, document: Document) -> bool:
    """Whether an object counts for a quota: scopes are about pods, and must all hold."""
    scopes = [scope for scope in items(quota, "spec", "scopes") if isinstance(scope, str)]
    selected = list(objects(quota, "spec", "scopeSelector", "matchExpressions"))
    if not scopes and not selected:
        return True
    if kind != POD:
        return False
    return all(_holds(scope, document) for scope in scopes) and all(
        _selects(one, document) for one in selected
    )


def _selects(requirement: Document, pod: Document) -> bool:
    scope, operator = text(requirement, "scopeName"), text(requirement, "operator")
    if scope != "PriorityClass":
        return _holds(scope, pod)
    name = text(pod, "spec", "priorityClassName")
    match operator:
        case "In":
            return name in items(requirement, "values")
        case "NotIn":
            return name not in items(requirement, "values")
        case "DoesNotExist":
            return not name
        case _:
            return bool(name)


def _holds(scope: str, pod: Document) -> bool:
    match scope:
        case "Terminating":
            return find(pod, "spec", "activeDeadlineSeconds") is not None
        case "NotTerminating":
            return find(pod, "spec", "activeDeadlineSeconds") is None
        case "BestEffort":
            return not _asks(pod)
        case "NotBestEffort":
            return _asks(pod)
        case "PriorityClass":
            return bool(text(pod, "spec", "priorityClassName"))
        case _:
            return False


def _asks(pod: Document) -> bool:
    """Whether any container asks for CPU or memory."""
    return any(
        find(container, "resources", part, name) is not None
        for container in objects(pod, "spec", "containers")
        for part in ("requests", "limits")
        for name in ("cpu", "memory")
    )
