"""What surrounds DataVolumes: sources, recurring imports, storage profiles and CDI itself."""

from __future__ import annotations

from virtctl.models.base import Model, Open
from virtctl.models.datavolume import ClaimReference
from virtctl.models.meta import ObjectMeta


class DataSourceOrigin(Model, frozen=True):
    """What a DataSource stands for; one is set."""

    data_source: ClaimReference | None = None
    pvc: ClaimReference | None = None
    snapshot: ClaimReference | None = None


class DataSourceSpec(Model, frozen=True):
    """What a DataSource stands for."""

    source: DataSourceOrigin


class DataSource(Model, frozen=True):
    """A name for a claim or snapshot that disks are copied from."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: DataSourceSpec | None = None
    status: Open = {}


class DataImportCron(Model, frozen=True):
    """Imports an image again and again, and points a DataSource at the newest."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class StorageProfile(Model, frozen=True):
    """What a storage class is good for: access modes, clone strategy, snapshots."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class CDIConfig(Model, frozen=True):
    """Settings of imports and uploads; the one in use is called ``config``."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class CDI(Model, frozen=True):
    """The installation of the data importer."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class VolumeImportSource(Model, frozen=True):
    """An import that a claim's ``dataSourceRef`` names."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class VolumeUploadSource(Model, frozen=True):
    """An upload that a claim's ``dataSourceRef`` names."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}


class VolumeCloneSource(Model, frozen=True):
    """A copy that a claim's ``dataSourceRef`` names."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: Open = {}
    status: Open = {}
