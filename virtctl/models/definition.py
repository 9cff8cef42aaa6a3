"""``CustomResourceDefinition`` and ``APIService``: what the API itself consists of."""

from __future__ import annotations

from typing import Annotated

import msgspec

from virtctl.models.base import (
    BY_TYPE,
    Bytes,
    Int32,
    Int64,
    Model,
    Open,
    Time,
)
from virtctl.models.meta import ObjectMeta


class DefinitionNames(Model, frozen=True):
    """How objects of a kind are called."""

    kind: str
    plural: str
    categories: tuple[str, ...] = ()
    """Groups of kinds such as ``all`` that the kind belongs to."""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    singular: str = ""


class PrinterColumn(Model, frozen=True):
    """A column of the table that ``get`` prints."""

    json_path: str
    name: str
    type: str
    """integer, number, string, boolean or date."""
    description: str = ""
    format: str = ""
    priority: Int32 = 0
    """More than 0: only in wide tables."""


class SchemaHolder(Model, frozen=True):
    """The schema of objects, as OpenAPI v3 writes it."""

    open_apiv3_schema: Open = msgspec.field(name="openAPIV3Schema", default={})


class SelectableField(Model, frozen=True):
    """A field that field selectors may name."""

    json_path: str


class ScaleSubresource(Model, frozen=True):
    """Where the size of an object is."""

    spec_replicas_path: str
    status_replicas_path: str
    label_selector_path: str = ""


class Subresources(Model, frozen=True):
    """Parts of an object that are written on their own."""

    scale: ScaleSubresource | None = None
    status: Open | None = None


class DefinitionVersion(Model, frozen=True):
    """One version of a kind."""

    name: str
    served: bool
    storage: bool
    additional_printer_columns: tuple[PrinterColumn, ...] = ()
    deprecated: bool | None = None
    deprecation_warning: str = ""
    schema: SchemaHolder | None = None
    selectable_fields: tuple[SelectableField, ...] = ()
    subresources: Subresources | None = None


class ServiceReference(Model, frozen=True):
    """A service of the cluster."""

    name: str
    namespace: str
    path: str = ""
    port: Int32 | None = None


class WebhookClient(Model, frozen=True):
    """How a webhook is called."""

    ca_bundle: Bytes = ""
    service: ServiceReference | None = None
    url: str = ""


class ConversionWebhook(Model, frozen=True):
    """Who converts between versions."""

    conversion_review_versions: tuple[str, ...]
    client_config: WebhookClient | None = None


class Conversion(Model, frozen=True):
    """How objects get from one version to another."""

    strategy: str
    """None: only the version's name changes."""
    webhook: ConversionWebhook | None = None


class DefinitionSpec(Model, frozen=True):
    """Names, scope and versions of a kind."""

    group: str
    names: DefinitionNames
    scope: str
    """Namespaced or Cluster."""
    versions: tuple[DefinitionVersion, ...]
    conversion: Conversion | None = None
    preserve_unknown_fields: bool | None = None


class DefinitionCondition(Model, frozen=True):
    """One observed condition: NamesAccepted, Established, Terminating and others."""

    status: str
    type: str
    last_transition_time: Time | None = None
    message: str = ""
    observed_generation: Int64 | None = None
    reason: str = ""


class DefinitionStatus(Model, frozen=True):
    """Whether a kind is served, and under which names."""

    accepted_names: DefinitionNames | None = None
    conditions: Annotated[tuple[DefinitionCondition, ...], BY_TYPE] = ()
    observed_generation: Int64 | None = None
    stored_versions: tuple[str, ...] = ()


class CustomResourceDefinition(Model, frozen=True):
    """Adds a kind to the API."""

    spec: DefinitionSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: DefinitionStatus | None = None


class ApiServiceSpec(Model, frozen=True):
    """Who serves a group and version."""

    group_priority_minimum: Int32
    version_priority: Int32
    ca_bundle: Bytes = ""
    group: str = ""
    insecure_skip_tls_verify: bool | None = msgspec.field(
        name="insecureSkipTLSVerify", default=None
    )
    service: ServiceReference | None = None
    version: str = ""


class ApiServiceStatus(Model, frozen=True):
    """Whether a group and version can be used."""

    conditions: Annotated[tuple[DefinitionCondition, ...], BY_TYPE] = ()


class APIService(Model, frozen=True):
    """A group and version of the API."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: ApiServiceSpec | None = None
    status: ApiServiceStatus | None = None
