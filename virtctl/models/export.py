"""``VirtualMachineExport``: disks and manifests for download."""

from __future__ import annotations

from typing import Annotated

from virtctl.models.base import BY_NAME, BY_TYPE, Duration, Keyed, Model, Time
from virtctl.models.meta import Condition, ObjectMeta
from virtctl.models.references import TypedReference


class ExportSpec(Model, frozen=True):
    """What is exported, and for how long."""

    source: TypedReference
    """A machine, a snapshot of one, a claim, or a backup."""
    token_secret_ref: str | None = None
    """Secret whose ``token`` downloads must show."""
    ttl_duration: Duration | None = None
    """After which time the export goes, as in ``2h``."""


class ExportFormat(Model, frozen=True):
    """Where a volume is in one format."""

    format: str
    """raw, gzip, dir or tar.gz."""
    url: str


class ExportVolume(Model, frozen=True):
    """A volume and its formats."""

    name: str
    formats: Annotated[tuple[ExportFormat, ...], Keyed(("format",))] = ()


class ExportManifest(Model, frozen=True):
    """Where manifests are."""

    type: str
    """all, auth-header-secret or oci."""
    url: str


class ExportEndpoint(Model, frozen=True):
    """Where a part of a backup is."""

    endpoint: str
    """map or data."""
    url: str


class ExportBackup(Model, frozen=True):
    """A backup and its parts."""

    name: str
    endpoints: Annotated[tuple[ExportEndpoint, ...], Keyed(("endpoint",))] = ()


class ExportLink(Model, frozen=True):
    """What there is to download, and the certificate of the server."""

    cert: str
    backups: Annotated[tuple[ExportBackup, ...], BY_NAME] = ()
    manifests: Annotated[tuple[ExportManifest, ...], BY_TYPE] = ()
    volumes: Annotated[tuple[ExportVolume, ...], BY_NAME] = ()


class ExportLinks(Model, frozen=True):
    """Links for clients inside and outside of the cluster."""

    external: ExportLink | None = None
    internal: ExportLink | None = None


class ExportStatus(Model, frozen=True):
    """Whether an export can be downloaded, and where."""

    conditions: tuple[Condition, ...] = ()
    links: ExportLinks | None = None
    phase: str = ""
    """Pending, Ready, Terminated or Skipped."""
    service_name: str = ""
    token_secret_ref: str | None = None
    ttl_expiration_time: Time | None = None
    virtual_machine_name: str | None = None


class VirtualMachineExport(Model, frozen=True):
    """Offers disks of a machine, snapshot or claim for download."""

    spec: ExportSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: ExportStatus | None = None
