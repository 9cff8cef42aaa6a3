"""What is to be put into a claim, and how far that is: CDI's annotations on the claim.

Whoever wants a claim filled writes the wish there (``wish``); the node reads it, does it, and
writes how it goes (``Progress``). So a claim tells everything that a client of CDI looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from virtctl.models.documents import Document, child, find, items, objects, strings, text

_STORAGE = "cdi.kubevirt.io/storage."
_IMPORT = f"{_STORAGE}import."
SOURCE = f"{_IMPORT}source"
ENDPOINT = f"{_IMPORT}endpoint"
SECRET = f"{_IMPORT}secretName"
CERTIFICATES = f"{_IMPORT}certConfigMap"
CHECKSUM = f"{_IMPORT}checksum"
"""Of the file that is imported, as in ``sha256:…``; on the DataVolume, or on the claim."""
PULL_METHOD = f"{_IMPORT}registryImportMethod"
ARCHITECTURE = f"{_IMPORT}platform.architecture"
_HEADER = f"{_IMPORT}extraHeaders."
_SECRET_HEADER = f"{_IMPORT}secretExtraHeaders."
UPLOAD = f"{_STORAGE}upload.target"
CLONE = "k8s.io/CloneRequest"
SNAPSHOT = "local.virtctl.io/snapshot"
"""``NAMESPACE/NAME`` of a VolumeSnapshot that the claim's disk is a copy of."""
CONTENT = f"{_STORAGE}contentType"
PREALLOCATE = f"{_STORAGE}preallocation.requested"
PREALLOCATED = f"{_STORAGE}preallocation"
"""On a claim whose disk has all of its space: the guest's discards are not passed on then."""
POD_PHASE = f"{_STORAGE}pod.phase"
POD_READY = f"{_STORAGE}pod.ready"
RESTARTS = f"{_STORAGE}pod.restarts"
RUNNING = f"{_STORAGE}condition.running"
REASON = f"{RUNNING}.reason"
MESSAGE = f"{RUNNING}.message"
PROGRESS = "local.virtctl.io/progress"
UPLOAD_PROXY = "local.virtctl.io/upload-proxy"
"""On CDIConfig: where the upload proxy of this instance listens."""
DISK_SIZE = "local.virtctl.io/disk-size"
"""Bytes that the disk is to have, where that is less than its claim."""

IMPORT_KINDS = ("http", "s3", "gcs", "registry", "imageio", "vddk")
NOBODY_TO = {
    "imageio": "imageio needs oVirt's transfer service, which this control plane does not speak; "
    "export the disk and use an http source",
    "vddk": "vddk needs VMware's VDDK library and nbdkit's plugin for it, which are not there; "
    "export the disk and use an http source",
}
"""Sources that are known and cannot be had here, and what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the filling of a claim is.

    ``phase`` is that of CDI's pod: empty, Pending, Running, Succeeded or Failed. ``share`` is done,
    from 0 to 1, negative while unknown. ``ready`` tells that an upload may begin.
    """

    phase: str = ""
    ready: bool = False
    running: bool = False
    reason: str = ""
    message: str = ""
    share: float = -1.0
    restarts: int = 0

    def annotations(self) -> dict[str, str]:
        """As annotations of the claim."""
        return {
            POD_PHASE: self.phase,
            POD_READY: _word(truth=self.ready),
            RESTARTS: str(self.restarts),
            RUNNING: _word(truth=self.running),
            REASON: self.reason,
            MESSAGE: self.message,
            PROGRESS: percent(self.share),
        }


def percent(share: float) -> str:
    """A share as CDI prints it."""
    return "N/A" if share < 0 else f"{share * 100:.2f}%" if share < 1 else "100.0%"


def progress_of(claim: Document) -> Progress:
    """What the claim's annotations tell; ``share`` is left to ``PROGRESS``."""
    marks = strings(claim, "metadata", "annotations")
    restarts = marks.get(RESTARTS, "0")
    return Progress(
        phase=marks.get(POD_PHASE, ""),
        ready=marks.get(POD_READY) == "true",
        running=marks.get(RUNNING) == "true",
        reason=marks.get(REASON, ""),
        message=marks.get(MESSAGE, ""),
        restarts=int(restarts) if restarts.isdigit() else 0,
    )


def wanted(claim: Document) -> str:
    """What is to be done with a claim: import, upload, clone, snapshot; empty for nothing."""
    marks = strings(claim, "metadata", "annotations")
    if SOURCE in marks:
        return "import"
    if CLONE in marks:
        return "clone"
    if SNAPSHOT in marks:
        return "snapshot"
    return "upload" if UPLOAD in marks else ""


def is_filled(claim: Document) -> bool:
    """Whether nothing is left to be put into a claim."""
    if not wanted(claim):
        return content_reference(claim) is None
    return progress_of(claim).phase == "Succeeded"


CONTENTS = (
    "VolumeImportSource", "VolumeUploadSource", "VolumeCloneSource", "PersistentVolumeClaim",
    "VolumeSnapshot",
)  # fmt: skip
"""What a claim may name to be filled from."""


def content_reference(claim: Document) -> tuple[str, str, str] | None:
    """Kind, namespace and name of what a claim's ``dataSourceRef`` or ``dataSource`` names."""
    for field in ("dataSourceRef", "dataSource"):
        found = child(claim, "spec", field)
        if text(found, "kind"):
            namespace = text(found, "namespace") or text(claim, "metadata", "namespace")
            return text(found, "kind"), namespace, text(found, "name")
    return None


def wish(source: Document, namespace: str) -> dict[str, str]:
    """Annotations for the source of a DataVolume in ``namespace``.

    ``source`` is ``spec.source``; one of its members is set.
    """
    if "blank" in source:
        return {SOURCE: "none"}
    if "upload" in source:
        return {UPLOAD: ""}
    for kind, annotation in (("pvc", CLONE), ("snapshot", SNAPSHOT)):
        if find(source, kind) is not None:
            found = child(source, kind)
            return {annotation: f"{text(found, 'namespace') or namespace}/{text(found, 'name')}"}
    for kind in IMPORT_KINDS:
        if find(source, kind) is not None:
            return dict(_import(kind, child(source, kind)))
    return {}


def _import(kind: str, source: Document) -> Iterator[tuple[str, str]]:
    yield SOURCE, kind
    given = {
        ENDPOINT: text(source, "url"),
        SECRET: text(source, "secretRef"),
        CERTIFICATES: text(source, "certConfigMap"),
        PULL_METHOD: text(source, "pullMethod"),
        ARCHITECTURE: text(source, "platform", "architecture"),
    }
    yield from ((name, value) for name, value in given.items() if value)
    for field, prefix in (("extraHeaders", _HEADER), ("secretExtraHeaders", _SECRET_HEADER)):
        for position, value in enumerate(items(source, field)):
            if isinstance(value, str):
                yield f"{prefix}{position}", value


def headers(marks: Mapping[str, str], *, secret: bool = False) -> tuple[str, ...]:
    """The header lines of a wish, or with ``secret`` the names of secrets that hold such."""
    prefix = _SECRET_HEADER if secret else _HEADER
    found = {name: value for name, value in marks.items() if name.startswith(prefix)}
    return tuple(found[name] for name in sorted(found, key=lambda name: (len(name), name)))


def usable(capacity: int, overhead: float) -> int:
    """The size of the disk that a claim of ``capacity`` bytes with a file system has room for."""
    if overhead <= 0:
        return capacity // 512 * 512
    return int(capacity * (1 - overhead)) >> 20 << 20


def inflated(size: int, overhead: float) -> int:
    """The capacity that a claim needs for a disk of ``size`` bytes."""
    if overhead <= 0:
        return size
    whole = -(-size >> 20) << 20
    return -int(-whole // (1 - overhead))


def overhead(config: Document | None, storage_class: str) -> float:
    """The share that a file system takes for itself, by CDI's configuration."""
    found = child(config or {}, "status", "filesystemOverhead")
    own = strings(found, "storageClass").get(storage_class)
    share = own or text(found, "global", default="0")
    try:
        return min(max(float(share), 0.0), 0.99)
    except ValueError:
        return 0.0


def is_used(pods: list[Document], claim: str) -> str:
    """The name of a pod that is not over and may write to the claim; empty when there is none."""
    for pod in pods:
        if text(pod, "status", "phase") in {"Succeeded", "Failed"}:
            continue
        for volume in objects(pod, "spec", "volumes"):
            used = child(volume, "persistentVolumeClaim")
            if text(used, "claimName") == claim and find(used, "readOnly") is not True:
                return text(pod, "metadata", "name")
    return ""


def _word(*, truth: bool) -> str:
    return "true" if truth else "false"
