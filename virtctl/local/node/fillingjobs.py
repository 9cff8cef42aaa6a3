"""From a claim that is to be filled to a worker's job: secrets, certificates, places looked up."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from virtctl.errors import InvalidField
from virtctl.local.api.service import ApiService
from virtctl.local.imports.job import Job, Refused, Source
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.gathering import Missing, claim_place
from virtctl.local.runtime import fillings
from virtctl.models.documents import Document, child, name_of, namespace_of, strings, text
from virtctl.models.kinds import (
    CDI_CONFIG,
    CONFIG_MAP,
    POD,
    PVC,
    SECRET,
    SERVICE,
    VOLUME_SNAPSHOT,
    VOLUME_SNAPSHOT_CONTENT,
)

_BESIDE = "cdi-uploadproxy"
_SNAPSHOTS = "snapshots"  # directory of an instance that frozen disks are in


@dataclass(frozen=True)
class Waiting(Exception):
    """Something that is needed is not there yet, or is in use; it may change."""

    reason: str
    what: str

    def __str__(self) -> str:
        return self.what


def job_of(service: ApiService, layout: InstanceLayout, claim: Document) -> Job:
    """The job of a bound claim. Raises ``Waiting``, and ``Refused`` for what will never do."""
    namespace, name = namespace_of(claim), name_of(claim)
    marks = strings(claim, "metadata", "annotations")
    try:
        place = claim_place(service, namespace, name)
    except Missing as missing:
        raise Waiting("Pending", str(missing)) from missing
    share = 0.0
    if not place.block:
        config = service.find(CDI_CONFIG, None, "config")
        share = fillings.overhead(config, text(claim, "spec", "storageClassName"))
    room = fillings.usable(place.capacity, share)
    wish = _Wish(service, layout, (namespace, name), marks)
    return Job(
        name=f"{namespace}/{name}",
        target=place.path,
        capacity=min(room, wish.size) if wish.size else room,
        source=wish.source(fillings.wanted(claim)),
        archive=marks.get(fillings.CONTENT) == "archive",
        preallocate=marks.get(fillings.PREALLOCATE) == "true",
    )


def registry_source(service: ApiService, namespace: str, source: Document) -> Source:
    """A DataVolume's ``registry`` source with what it names. Raises ``Waiting``."""
    marks = fillings.wish({"registry": source}, namespace)
    # The layout matters only where the node's store is asked.
    wish = _Wish(
        service, InstanceLayout(Path()), (namespace, ""), marks | {fillings.PULL_METHOD: ""}
    )
    return wish.source("import")


@dataclass(frozen=True)
class _Wish:
    """What a claim's annotations ask for."""

    service: ApiService
    layout: InstanceLayout
    claim: tuple[str, str]
    marks: Mapping[str, str]

    @property
    def namespace(self) -> str:
        """The claim's."""
        return self.claim[0]

    @property
    def name(self) -> str:
        """The claim's."""
        return self.claim[1]

    @property
    def size(self) -> int:
        """The size that the disk was asked to have; 0 for all of its claim."""
        size = self.marks.get(fillings.DISK_SIZE, "")
        return int(size) if size.isdigit() else 0

    def source(self, wanted: str) -> Source:
        """Where the bytes are. Raises ``Waiting`` and ``Refused``."""
        match wanted:
            case "upload":
                self._check_unused()
                return Source(kind="upload")
            case "clone":
                return Source(kind="copy", url=self._claim_to_copy())
            case "snapshot":
                return Source(kind="copy", url=self._snapshot_to_copy())
            case _:
                return self._import()

    def _import(self) -> Source:
        kind = self.marks.get(fillings.SOURCE, "")
        if kind == "none":
            return Source(kind="blank")
        if kind in fillings.NOBODY_TO:
            raise Refused(fillings.NOBODY_TO[kind])
        secret = self._secret(self.marks.get(fillings.SECRET, ""))
        google = secret.get("creds.json", "")
        by_node = kind == "registry" and self.marks.get(fillings.PULL_METHOD) == "node"
        proxy = child(self.service.find(CDI_CONFIG, None, "config") or {}, "spec", "importProxy")
        return Source(
            kind=kind,
            http_proxy=text(proxy, "HTTPProxy"),
            https_proxy=text(proxy, "HTTPSProxy"),
            no_proxy=text(proxy, "noProxy"),
            url=self.marks.get(fillings.ENDPOINT, ""),
            user=secret.get("accessKeyId", ""),
            password=secret.get("secretKey", ""),
            service_account=google,
            authority="\n".join(filter(None, (self._certificates(), self._proxy_ca(proxy)))),
            headers=self._headers(),
            checksum=self.marks.get(fillings.CHECKSUM, ""),
            architecture=self.marks.get(fillings.ARCHITECTURE, ""),
            store=str(self.layout.root) if by_node else "",
        )

    def _headers(self) -> tuple[str, ...]:
        lines = list(fillings.headers(self.marks))
        for name in fillings.headers(self.marks, secret=True):
            lines += self._secret(name).values()
        return tuple(line.strip() for line in lines)

    def _secret(self, name: str) -> dict[str, str]:
        if not name:
            return {}
        found = self.service.find(SECRET, self.namespace, name)
        if found is None:
            raise Waiting("Pending", f'secret "{name}" not found')
        return {key: _decoded(key, value) for key, value in strings(found, "data").items()}

    def _certificates(self) -> str:
        name = self.marks.get(fillings.CERTIFICATES, "")
        if not name:
            return ""
        found = self.service.find(CONFIG_MAP, self.namespace, name)
        if found is None:
            raise Waiting("Pending", f'configmap "{name}" not found')
        return "\n".join(strings(found, "data").values())

    def _proxy_ca(self, proxy: Document) -> str:
        """The CA of a proxy that looks into TLS: a ConfigMap beside the upload proxy's Service."""
        name = text(proxy, "trustedCAProxy")
        for found in self.service.list(SERVICE).items if name else ():
            if name_of(found) == _BESIDE:
                kept = self.service.find(CONFIG_MAP, namespace_of(found), name) or {}
                return "\n".join(strings(kept, "data").values())
        return ""

    def _check_unused(self) -> None:
        """What a guest has open is not replaced under it."""
        user = fillings.is_used(self.service.list(POD, self.namespace).items, self.name)
        if user:
            raise Waiting("ClaimInUse", f"pod {user} uses PersistentVolumeClaim {self.name}")

    def _claim_to_copy(self) -> str:
        namespace, _, name = self.marks.get(fillings.CLONE, "").partition("/")
        source = self.service.find(PVC, namespace, name)
        if source is None:
            raise Waiting("CloneWithoutSource", f"The source pvc {name} doesn't exist")
        if not fillings.is_filled(source):
            raise Waiting("CloneSourceNotReady", f"The source pvc {namespace}/{name} is not filled")
        user = fillings.is_used(self.service.list(POD, namespace).items, name)
        if user:
            raise Waiting(
                "CloneSourceInUse", f"pod {namespace}/{user} using PersistentVolumeClaim {name}"
            )
        try:
            return claim_place(self.service, namespace, name).path
        except Missing as missing:
            raise Waiting("CloneWithoutSource", str(missing)) from missing

    def _snapshot_to_copy(self) -> str:
        namespace, _, name = self.marks.get(fillings.SNAPSHOT, "").partition("/")
        snapshot = self.service.find(VOLUME_SNAPSHOT, namespace, name)
        if snapshot is None:
            raise Waiting("CloneWithoutSource", f"The source snapshot {name} doesn't exist")
        content = self.service.find(
            VOLUME_SNAPSHOT_CONTENT,
            None,
            text(snapshot, "status", "boundVolumeSnapshotContentName"),
        )
        handle = text(child(content or {}, "status"), "snapshotHandle")
        if not handle or child(snapshot, "status").get("readyToUse") is not True:
            raise Waiting("SnapshotNotReady", f"The source snapshot {name} is not ready to use")
        return str(_frozen(self.layout, handle))


def _frozen(layout: InstanceLayout, handle: str) -> Path:
    """A snapshot's file. Raises ``Refused`` for one that is none of ours."""
    path = Path(handle).resolve()
    homes = (layout.volumes.resolve(), (layout.root / _SNAPSHOTS).resolve())
    if not any(home in path.parents for home in homes):
        raise Refused("the snapshot's handle names no snapshot of this instance")
    return path


def _decoded(key: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidField(f"data.{key}", value, "must be text in base64") from None
