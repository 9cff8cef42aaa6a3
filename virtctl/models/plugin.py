"""``Plugin``: hooks into the life of machines."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import Empty, Fact, Model, NonEmpty
from virtctl.models.meta import ObjectMeta
from virtctl.models.references import LocalName


class CelHook(Model, frozen=True):
    """A change of the domain, as an expression."""

    expression: NonEmpty


class SidecarHook(Model, frozen=True):
    """A change of the domain by a container beside the launcher."""

    socket_path: NonEmpty


class DomainHook(Model, frozen=True):
    """One change of the domain; either an expression or a container makes it."""

    cel: CelHook | None = None
    condition: str = ""
    failure_strategy: str = ""
    sidecar: SidecarHook | None = None
    timeout: str | None = None


class NodeHook(Model, frozen=True):
    """A service on the node that is told what happens."""

    permitted_hooks: Annotated[tuple[str, ...], Fact(min_items=1)]
    socket: NonEmpty
    condition: str = ""
    failure_strategy: str = ""
    timeout: str | None = None


class PluginSpec(Model, frozen=True):
    """When a plugin applies, and what it does."""

    condition: str = ""
    domain_hooks: tuple[DomainHook, ...] = ()
    failure_strategy: str = ""
    mutating_admission_policies: tuple[LocalName, ...] = ()
    mutating_admission_webhooks: tuple[LocalName, ...] = ()
    node_hooks: tuple[NodeHook, ...] = ()
    validating_admission_policies: tuple[LocalName, ...] = ()
    validating_admission_webhooks: tuple[LocalName, ...] = ()


class Plugin(Model, frozen=True):
    """An extension of the control plane."""

    spec: PluginSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: Empty | None = None
