"""The settings that a migration has: the KubeVirt object's, changed by the policy that fits. Pure.

Fields and defaults are KubeVirt's (``spec.configuration.migrations``, MigrationPolicy).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    flag,
    integer,
    name_of,
    strings,
    text,
)
from virtctl.wire.quantities import parse_quantity

_DEFAULTS: Document = {
    "nodeDrainTaintKey": "kubevirt.io/drain",
    "parallelOutboundMigrationsPerNode": 2,
    "parallelMigrationsPerCluster": 5,
    "allowAutoConverge": False,
    "bandwidthPerMigration": "0",
    "completionTimeoutPerGiB": 150,
    "progressTimeout": 150,
    "unsafeMigrationOverride": False,
    "allowPostCopy": False,
    "disableTLS": False,
    "matchSELinuxLevelOnMigration": True,
}
_OF_POLICY = (
    "allowAutoConverge",
    "bandwidthPerMigration",
    "completionTimeoutPerGiB",
    "allowPostCopy",
    "allowWorkloadDisruption",
)


@dataclass(frozen=True)
class Limits:
    """How many migrations may be under way, in all and away from one node."""

    cluster: int
    node: int


def settings(configuration: Document, policy: Document | None = None) -> Document:
    """``migrationConfiguration`` of a migration; ``configuration`` is the KubeVirt object's."""
    made: Document = {**_DEFAULTS, **child(configuration, "migrations")}
    if policy is not None:
        spec = child(policy, "spec")
        made.update({field: spec[field] for field in _OF_POLICY if spec.get(field) is not None})
        if spec.get("allowPostCopy") is not None and spec.get("allowWorkloadDisruption") is None:
            made["allowWorkloadDisruption"] = spec["allowPostCopy"]
    made.setdefault("allowWorkloadDisruption", made["allowPostCopy"])
    return made


def limits(configuration: Document) -> Limits:
    """How many may be under way."""
    made = settings(configuration)
    return Limits(
        integer(made, "parallelMigrationsPerCluster"),
        integer(made, "parallelOutboundMigrationsPerNode"),
    )


def policy_for(
    vmi: Document, namespace: Document | None, policies: Iterable[Document]
) -> Document | None:
    """The policy that fits best: by most labels of instance and namespace, then by its name."""
    labels = strings(vmi, "metadata", "labels")
    around = strings(namespace, "metadata", "labels") if namespace is not None else {}
    found: list[tuple[int, str, Document]] = []
    for policy in policies:
        wanted = strings(policy, "spec", "selectors", "virtualMachineInstanceSelector")
        there = strings(policy, "spec", "selectors", "namespaceSelector")
        if not (wanted or there):
            continue
        if wanted.items() <= labels.items() and there.items() <= around.items():
            found.append((-len(wanted) - len(there), name_of(policy), policy))
    return min(found, key=lambda one: one[:2])[2] if found else None


def order(made: Document, memory: int) -> dict[str, JsonValue]:
    """What a launcher is told of them; ``memory`` is the guest's, in bytes."""
    gib = max(1, -(-memory // (1 << 30)))
    return {
        "bandwidth": parse_quantity(text(made, "bandwidthPerMigration", default="0")).value,
        "completion": float(integer(made, "completionTimeoutPerGiB") * gib),
        "progress": float(integer(made, "progressTimeout")),
        "auto_converge": flag(made, "allowAutoConverge"),
        "disrupt": flag(made, "allowWorkloadDisruption"),
    }
