"""Rules of what limits others: ResourceQuotas and LimitRanges, as upstream words them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from virtctl.errors import Cause
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import duplicate, invalid, required
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.quantities import Quantity, quantity_or_none

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_OF_PODS = frozenset({
    "pods", *_COMPUTE, *(f"requests.{name}" for name in _COMPUTE),
    *(f"limits.{name}" for name in _COMPUTE),
})  # fmt: skip
_COUNTED = frozenset({
    "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps",
    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
})  # fmt: skip
_STANDARD = _OF_PODS | _COUNTED | {"requests.storage"}
_SCOPES = {
    "BestEffort": frozenset({"pods"}),
    "NotBestEffort": _OF_PODS,
    "Terminating": _OF_PODS,
    "NotTerminating": _OF_PODS,
    "PriorityClass": _OF_PODS,
    "CrossNamespacePodAffinity": _OF_PODS,
    "VolumeAttributesClass": frozenset({"persistentvolumeclaims", "requests.storage"}),
}
"""What may be limited for objects that a scope picks."""
_BARE = frozenset(_SCOPES) - {"PriorityClass", "VolumeAttributesClass"}
_OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})


def quota_causes(document: Document, old: Document | None) -> Iterator[Cause]:
    """What is wrong with a ResourceQuota, and how it must not be changed."""
    spec = documents.child(document, "spec")
    if old is not None:
        before, after = documents.items(old, "spec", "scopes"), documents.items(spec, "scopes")
        if {str(scope) for scope in before} != {str(scope) for scope in after}:
            shown = msgspec.json.encode(after).decode()
            yield invalid("spec.scopes", f"Invalid value: {shown}: field is immutable")
    hard = documents.child(spec, "hard")
    for name, amount in hard.items():
        yield from _hard_causes(name, amount, f"spec.hard[{name}]")
    scopes = [str(scope) for scope in documents.items(spec, "scopes")]
    for problem in _scope_problems(scopes, hard):
        yield _wrong("spec.scopes", [*scopes], problem)
    selector = documents.find(spec, "scopeSelector")
    if isinstance(selector, dict):
        yield from _selector_causes(selector, hard)


def _hard_causes(name: str, amount: JsonValue, field: str) -> Iterator[Cause]:
    for problem in names.qualified_problems(name):
        yield _wrong(field, name, problem)
    if "/" not in name and not _is_standard(name):
        if name != "storage":
            yield _wrong(field, name, "must be a standard resource type or fully qualified")
        yield _wrong(field, name, "must be a standard resource for quota")
    quantity = quantity_or_none(amount)
    if quantity is not None and quantity < Quantity(0):
        yield _wrong(field, str(quantity), "must be greater than or equal to 0")
    if quantity is not None and _is_whole(name) and quantity.milli % 1000:
        yield _wrong(field, str(quantity), "must be an integer")


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith(("hugepages-", "requests.hugepages-"))


def _is_whole(name: str) -> bool:
    """Whether only whole numbers of it are used: objects, and devices."""
    if "/" in name:
        return "kubernetes.io/" not in name and not name.startswith("requests.")
    return name in _COUNTED


def _scope_problems(scopes: list[str], hard: Document) -> Iterator[str]:
    for scope in scopes:
        if scope not in _SCOPES:
            yield "unsupported scope"
        yield from _unfit(scope, hard)
    if any(pair <= set(scopes) for pair in _OPPOSITES):
        yield "conflicting scopes"


def _unfit(scope: str, hard: Document) -> Iterator[str]:
    """A problem for each resource in ``hard`` that ``scope`` cannot be applied to."""
    for name in hard:
        if scope in _SCOPES and _is_standard(name) and name not in _SCOPES[scope]:
            yield "unsupported scope applied to resource"


def _selector_causes(selector: Document, hard: Document) -> Iterator[Cause]:
    path = "spec.scopeSelector.matchExpressions"
    conditions = list(documents.objects(selector, "matchExpressions"))
    for one in conditions:
        scope, operator = documents.text(one, "scopeName"), documents.text(one, "operator")
        if scope not in _SCOPES:
            yield _wrong(f"{path}.scopeName", scope, "unsupported scope")
        for problem in _unfit(scope, hard):
            yield _wrong(path, _shown(conditions), problem)
        if scope in _BARE and operator != "Exists":
            yield _wrong(
                f"{path}.operator",
                operator,
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
            )
        yield from _operator_causes(operator, documents.items(one, "values"), path)
    named = {documents.text(one, "scopeName") for one in conditions}
    if any(pair <= named for pair in _OPPOSITES):
        yield _wrong(path, None, "conflicting scopes")


def _operator_causes(operator: str, values: list[JsonValue], path: str) -> Iterator[Cause]:
    if operator in {"In", "NotIn"}:
        if not values:
            problem = "must be at least one value when `operator` is 'In' or 'NotIn' for scope"
            yield required(f"{path}.values", f"Required value: {problem} selector")
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            problem = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope"
            yield _wrong(f"{path}.values", values, f"{problem} selector")
    else:
        yield _wrong(f"{path}.operator", operator, "not a valid selector operator")


def _shown(conditions: list[Document]) -> Document:
    """A selector in the spelling of the API server's own structure."""
    return {
        "MatchExpressions": [
            {
                "ScopeName": documents.text(one, "scopeName"),
                "Operator": documents.text(one, "operator"),
                "Values": documents.items(one, "values") or None,
            }
            for one in conditions
        ]
    }


def _wrong(field: str, value: JsonValue, problem: str) -> Cause:
    return invalid(field, f"Invalid value: {msgspec.json.encode(value).decode()}: {problem}")


_KINDS = ("Container", "Pod", "PersistentVolumeClaim")
_PARTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_ORDERS = (
    ("min", "max", "min", "min", "min value {} is greater than max value {}"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest",
     "min value {} is greater than default request value {}"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest",
     "default request value {} is greater than max value {}"),
    ("defaultRequest", "default", "defaultRequest", "defaultRequest",
     "default request value {} is greater than default limit value {}"),
    ("min", "default", "default", "min", "min value {} is greater than default value {}"),
    ("default", "max", "default", "max", "default value {} is greater than max value {}"),
)  # fmt: skip
"""What may not be greater than what, whose field is named then, whose value, and how."""


def limit_range_causes(document: Document) -> Iterator[Cause]:
    """What is wrong with a LimitRange."""
    seen: set[str] = set()
    for position, limit in enumerate(documents.objects(document, "spec", "limits")):
        path, kind = f"spec.limits[{position}]", documents.text(limit, "type")
        if "/" not in kind and kind not in _KINDS:
            problem = "must be a standard limit type or fully qualified"
            yield invalid(f"{path}.type", f'Invalid value: "{kind}": {problem}')
        if kind in seen:
            yield duplicate(f"{path}.type", f'Duplicate value: "{kind}"')
        seen.add(kind)
        yield from _kind_causes(limit, kind, path)
        yield from _order_causes(limit, kind, path)


def _kind_causes(limit: Document, kind: str, path: str) -> Iterator[Cause]:
    for part in ("default", "defaultRequest"):
        if kind == "Pod" and limit.get(part):
            problem = "Forbidden: may not be specified when `type` is 'Pod'"
            yield Cause("FieldValueForbidden", problem, f"{path}.{part}")
    if kind == "PersistentVolumeClaim" and not any(
        documents.find(limit, part, "storage") is not None for part in ("min", "max")
    ):
        problem = "either minimum or maximum storage value is required, but neither was provided"
        yield required(f"{path}.limits", f"Required value: {problem}")


def _order_causes(limit: Document, kind: str, path: str) -> Iterator[Cause]:
    parts = [part for part in _PARTS if kind != "Pod" or not part.startswith("default")]
    amounts = {part: _amounts(documents.child(limit, part)) for part in parts}
    for name in sorted({name for part in amounts.values() for name in part}):
        for lower, upper, field, told, text in _ORDERS:
            low = amounts.get(lower, {}).get(name)
            high = amounts.get(upper, {}).get(name)
            if low is not None and high is not None and low > high:
                shown = str(amounts[told][name])
                yield _wrong(f"{path}.{field}[{name}]", shown, text.format(low, high))
        known = {part: found[name] for part, found in amounts.items() if name in found}
        yield from _ratio_causes(known, f"{path}.maxLimitRequestRatio[{name}]")


def _ratio_causes(amounts: dict[str, Quantity], field: str) -> Iterator[Cause]:
    ratio = amounts.get("maxLimitRequestRatio")
    if ratio is None:
        return
    if ratio < Quantity.of(1):
        yield _wrong(field, str(ratio), f"ratio {ratio} is less than 1")
    least, most = amounts.get("min"), amounts.get("max")
    if least and most is not None:
        known = float(most.exact / least.exact)
        if float(ratio.exact) > known:
            problem = f"ratio {ratio} is greater than max/min = {known:f}"
            yield _wrong(field, str(ratio), problem)


def _amounts(found: Document) -> dict[str, Quantity]:
    read = {name: quantity_or_none(amount) for name, amount in found.items()}
    return {name: amount for name, amount in read.items() if amount is not None}
