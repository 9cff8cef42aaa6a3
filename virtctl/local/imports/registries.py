"""Disks inside container images: fetched layer by layer, or taken from the node's image store."""

from __future__ import annotations

from pathlib import Path

from virtctl.local.images.layers import Overlay
from virtctl.local.images.library import ImageLibrary
from virtctl.local.images.logins import Login, Logins, nobody
from virtctl.local.images.manifests import host_architecture
from virtctl.local.images.references import parse_registry
from virtctl.local.images.registry import RegistrySource
from virtctl.local.imports.filling import Filling
from virtctl.local.imports.job import Job, Refused, Source
from virtctl.local.layout import InstanceLayout

_ARCHIVE = "oci-archive:"


def fetch(job: Job, filling: Filling) -> None:
    """Fill a disk from ``docker://HOST/REPOSITORY[:TAG][@DIGEST]``. Raises ``LocalError``."""
    source = job.source
    if source.url.startswith(_ARCHIVE):
        raise Refused(f"`{source.url}` is a file of a pod; name a registry with `docker://`")
    if source.store:
        library = ImageLibrary(InstanceLayout(Path(source.store)), architecture=_wanted(source))
        found = library.resolve(source.url.removeprefix("docker://"))
        landed = filling.take_file(found.path)
        if landed.path == found.path and landed.form == "raw":
            filling.copy_disk(found.path)  # the store keeps its own
            return
        filling.complete(landed)
        return
    filling.prepare()
    filling.complete(filling.take_file(_pull(source, filling)))


def _pull(source: Source, filling: Filling) -> Path:
    """The image's disk, in the work directory."""
    reference = parse_registry(source.url)
    with RegistrySource(
        reference, _wanted(source), _logins(source), authority=source.authority
    ) as registry:
        manifest = registry.manifest()
        total = sum(layer.size for layer in manifest.layers) or 1
        overlay, done = Overlay(filling.work), 0
        for layer in manifest.layers:
            before, blob = done, filling.work / "layer"

            def told(size: int, before: int = before) -> None:
                filling.tell(0.8 * min((before + size) / total, 1.0))

            registry.fetch(layer, blob, told)
            overlay.apply(blob)
            blob.unlink()
            done += layer.size
    return overlay.disk(f"image `{reference}`").path


def _logins(source: Source) -> Logins:
    if not source.user:
        return nobody
    return lambda _: Login(source.user, source.password)


def _wanted(source: Source) -> str:
    return source.architecture or host_architecture()
