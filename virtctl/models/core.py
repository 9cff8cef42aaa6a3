"""Namespaces, events, Secrets, ConfigMaps, service accounts and stored revisions."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import BY_NAME, BY_TYPE, Bytes, Int32, Int64, Model, Open, Time
from virtctl.models.meta import ObjectMeta, ObjectReference
from virtctl.models.references import LocalReference


class NamespaceSpec(Model, frozen=True):
    """What holds a namespace."""

    finalizers: tuple[str, ...] = ()


class NamespaceCondition(Model, frozen=True):
    """One observed condition of a namespace."""

    status: str
    type: str
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class NamespaceStatus(Model, frozen=True):
    """Whether a namespace is active."""

    conditions: Annotated[tuple[NamespaceCondition, ...], BY_TYPE] = ()
    phase: str = ""


class Namespace(Model, frozen=True):
    """A scope for names."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: NamespaceSpec | None = None
    status: NamespaceStatus | None = None


class EventSeries(Model, frozen=True):
    """How often an event came, and when last."""

    count: Int32 | None = None
    last_observed_time: Time | None = None


class EventSource(Model, frozen=True):
    """Who reports an event."""

    component: str = ""
    host: str = ""


class Event(Model, frozen=True):
    """Something that happened to an object."""

    involved_object: ObjectReference
    metadata: ObjectMeta
    action: str = ""
    api_version: str = ""
    count: Int32 | None = None
    event_time: Time | None = None
    first_timestamp: Time | None = None
    kind: str = ""
    last_timestamp: Time | None = None
    message: str = ""
    reason: str = ""
    related: ObjectReference | None = None
    reporting_component: str = ""
    reporting_instance: str = ""
    series: EventSeries | None = None
    source: EventSource | None = None
    type: str = ""


class Secret(Model, frozen=True):
    """Confidential data."""

    api_version: str = ""
    data: dict[str, Bytes] = {}
    immutable: bool | None = None
    kind: str = ""
    metadata: ObjectMeta | None = None
    string_data: dict[str, str] = {}
    type: str = ""


class ConfigMap(Model, frozen=True):
    """Configuration data."""

    api_version: str = ""
    binary_data: dict[str, Bytes] = {}
    data: dict[str, str] = {}
    immutable: bool | None = None
    kind: str = ""
    metadata: ObjectMeta | None = None


class ServiceAccount(Model, frozen=True):
    """An identity for pods."""

    api_version: str = ""
    automount_service_account_token: bool | None = None
    image_pull_secrets: tuple[LocalReference, ...] = ()
    kind: str = ""
    metadata: ObjectMeta | None = None
    secrets: Annotated[tuple[ObjectReference, ...], BY_NAME] = ()


class ControllerRevision(Model, frozen=True):
    """A stored state of an object."""

    data: Open
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    revision: Int64 | None = None
