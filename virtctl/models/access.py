"""Roles, and who has them."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from virtctl.models.base import Model
from virtctl.models.meta import LabelSelector, ObjectMeta


class PolicyRule(Model, frozen=True):
    """What may be done to what; ``*`` is everything."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())
    resource_names: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class Role(Model, frozen=True):
    """What may be done in a namespace."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    rules: tuple[PolicyRule, ...] = ()


class AggregationRule(Model, frozen=True):
    """Cluster roles whose rules are taken over."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class ClusterRole(Model, frozen=True):
    """What may be done in the cluster, or in every namespace."""

    aggregation_rule: AggregationRule | None = None
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    rules: tuple[PolicyRule, ...] = ()


class RoleRef(Model, frozen=True):
    """A role by name."""

    ATOMIC: ClassVar[bool] = True
    kind: str
    name: str
    api_group: str = ""


class Subject(Model, frozen=True):
    """A user, a group or a service account."""

    ATOMIC: ClassVar[bool] = True
    kind: str
    name: str
    api_group: str = ""
    namespace: str = ""


class RoleBinding(Model, frozen=True):
    """Who has a role in a namespace."""

    role_ref: RoleRef
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    subjects: tuple[Subject, ...] = ()


class ClusterRoleBinding(Model, frozen=True):
    """Who has a role in the cluster."""

    role_ref: RoleRef
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    subjects: tuple[Subject, ...] = ()
