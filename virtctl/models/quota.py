"""How much a namespace may use, and what its pods may ask for."""

from __future__ import annotations

from typing import ClassVar

from virtctl.models.base import Model, QuantityText
from virtctl.models.meta import ObjectMeta


class ScopeRequirement(Model, frozen=True):
    """One condition on what counts."""

    operator: str
    scope_name: str
    values: tuple[str, ...] = ()


class ScopeSelector(Model, frozen=True):
    """What counts; all conditions hold together."""

    ATOMIC: ClassVar[bool] = True
    match_expressions: tuple[ScopeRequirement, ...] = ()


class QuotaSpec(Model, frozen=True):
    """How much may be used."""

    hard: dict[str, QuantityText] = {}
    """Limits by resource name."""
    scope_selector: ScopeSelector | None = None
    scopes: tuple[str, ...] = ()


class QuotaStatus(Model, frozen=True):
    """How much is used."""

    hard: dict[str, QuantityText] = {}
    used: dict[str, QuantityText] = {}


class ResourceQuota(Model, frozen=True):
    """How much a namespace may use."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: QuotaSpec | None = None
    status: QuotaStatus | None = None


class LimitRangeItem(Model, frozen=True):
    """What one pod, container or claim may ask for."""

    type: str
    default: dict[str, QuantityText] = {}
    """Limits of containers that name none."""
    default_request: dict[str, QuantityText] = {}
    max: dict[str, QuantityText] = {}
    max_limit_request_ratio: dict[str, QuantityText] = {}
    min: dict[str, QuantityText] = {}


class LimitRangeSpec(Model, frozen=True):
    """What pods may ask for."""

    limits: tuple[LimitRangeItem, ...]


class LimitRange(Model, frozen=True):
    """What the pods of a namespace may ask for."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: LimitRangeSpec | None = None
