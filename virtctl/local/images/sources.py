"""Where images come from: OCI layouts and docker archives here, registries in ``registry``."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import msgspec

from virtctl.errors import LocalError
from virtctl.local.images import manifests
from virtctl.local.images.manifests import Descriptor, Index, Manifest

_CHUNK = 1 << 20
_MEMBER = "member"  # annotation of our own: the layer's name in a docker archive

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class ImageManifest:
    """An image that was found: the digest of its manifest, and its layers, the lowest first."""

    digest: str
    layers: tuple[Descriptor, ...]


class Source(Protocol):
    """One image somewhere. Methods raise ``LocalError``."""

    def manifest(self) -> ImageManifest:
        """Find the image."""

    def fetch(self, layer: Descriptor, target: Path, progress: Progress | None = None) -> None:
        """Write a layer to ``target``, verified; ``progress`` is called with the bytes so far."""


class LayoutSource:
    """An image of an OCI layout (OCI image specification, image-layout.md)."""

    def __init__(self, directory: Path, tag: str, architecture: str) -> None:
        self._directory, self._tag, self._architecture = directory, tag, architecture
        self._where = f"OCI layout `{directory}`"

    def manifest(self) -> ImageManifest:
        found = manifests.parse(self._read(self._directory / "index.json"), self._where)
        if not isinstance(found, Index):
            raise LocalError(f"{self._where} has no index")
        descriptor = self._tagged(found)
        while True:
            data = manifests.verify(
                self._read(self._blob(descriptor.digest)), descriptor.digest, self._where
            )
            inner = manifests.parse(data, self._where)
            if isinstance(inner, Manifest):
                return ImageManifest(digest=descriptor.digest, layers=inner.layers)
            descriptor = manifests.choose(inner.manifests, self._architecture, self._where)

    def fetch(self, layer: Descriptor, target: Path, progress: Progress | None = None) -> None:
        try:
            with self._blob(layer.digest).open("rb") as source:
                copy_verified(source, target, layer.digest, self._where, progress)
        except OSError as error:
            raise LocalError(f"{self._where} lacks the blob {layer.digest}") from error

    def _tagged(self, index: Index) -> Descriptor:
        if not self._tag:
            return manifests.choose(index.manifests, self._architecture, self._where)
        for descriptor in index.manifests:
            name = descriptor.annotations.get(manifests.REF_NAME, "")
            # Some tools write the tag there, others the whole reference.
            if name == self._tag or name.endswith(f":{self._tag}"):
                return descriptor
        tags = [d.annotations.get(manifests.REF_NAME, "") for d in index.manifests]
        known = ", ".join(f"`{tag}`" for tag in tags if tag) or "no tags"
        raise LocalError(f"{self._where} has no tag `{self._tag}`; it has {known}")

    def _blob(self, digest: str) -> Path:
        algorithm, _, digits = digest.partition(":")
        if algorithm != "sha256" or len(digits) != 64 or not digits.isalnum():
            raise LocalError(f"{self._where} refers to `{digest}`; only sha256 digests are known")
        return self._directory / "blobs" / algorithm / digits

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise LocalError(f"cannot read `{path}`: {error.strerror}") from error


class _Saved(msgspec.Struct, rename="pascal"):
    """One image of a docker archive's ``manifest.json``; layers are names of its members."""

    layers: tuple[str, ...]
    config: str = ""
    repo_tags: tuple[str, ...] | None = None


class _RootFs(msgspec.Struct):
    diff_ids: tuple[str, ...] = ()


class _Config(msgspec.Struct):
    """An image's configuration: the digests of its layers, without compression."""

    rootfs: _RootFs = msgspec.field(default_factory=_RootFs)


class ArchiveSource:
    """An image of a docker archive: a tar with a ``manifest.json`` and layers that are tars.

    The image's digest is that of its configuration, which has those of its layers.
    """

    def __init__(self, file: Path, reference: str) -> None:
        self._file, self._reference = file, reference
        self._where = f"docker archive `{file}`"

    def manifest(self) -> ImageManifest:
        with self._open() as archive:
            found = self._saved(self._read(archive, "manifest.json"))
            config = self._read(archive, found.config)
        try:
            digests = msgspec.json.decode(config, type=_Config).rootfs.diff_ids
        except msgspec.MsgspecError as error:
            raise LocalError(f"{self._where} has a configuration that cannot be read") from error
        if len(digests) != len(found.layers):
            raise LocalError(f"{self._where} has layers without a digest")
        return ImageManifest(
            digest=manifests.digest_of(config),
            layers=tuple(
                Descriptor(digest=digest, annotations={_MEMBER: name})
                for digest, name in zip(digests, found.layers, strict=True)
            ),
        )

    def fetch(self, layer: Descriptor, target: Path, progress: Progress | None = None) -> None:
        with self._open() as archive:
            source = self._member(archive, layer.annotations[_MEMBER])
            copy_verified(source, target, layer.digest, self._where, progress)

    def _saved(self, data: bytes) -> _Saved:
        try:
            images = msgspec.json.decode(data, type=list[_Saved])
        except msgspec.MsgspecError as error:
            raise LocalError(f"{self._where} has a manifest.json that cannot be read") from error
        known = [tag for image in images for tag in image.repo_tags or ()]
        for image in images:
            if self._reference in (image.repo_tags or ()) or (
                not self._reference and len(images) == 1
            ):
                return image
        listed = ", ".join(f"`{tag}`" for tag in known) or "no names"
        wanted = f"no `{self._reference}`" if self._reference else "more than one image"
        raise LocalError(f"{self._where} has {wanted}; it has {listed}")

    @contextmanager
    def _open(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self._file) as archive:
                yield archive
        except OSError as error:
            raise LocalError(f"cannot read `{self._file}`: {error.strerror}") from error
        except tarfile.TarError as error:
            raise LocalError(f"{self._where} is no tar archive: {error}") from error

    def _member(self, archive: tarfile.TarFile, name: str) -> IO[bytes]:
        try:
            found = archive.extractfile(name)
        except KeyError:
            found = None
        if found is None:
            raise LocalError(f"{self._where} has no file `{name}` in it")
        return found

    def _read(self, archive: tarfile.TarFile, name: str) -> bytes:
        return self._member(archive, name).read()


def copy_verified(
    source: IO[bytes], target: Path, digest: str, where: str, progress: Progress | None = None
) -> None:
    """Copy all of ``source``; raises ``LocalError`` when the digest differs in the end."""
    hashed, done = hashlib.sha256(), 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            hashed.update(chunk)
            file.write(chunk)
            done += len(chunk)
            if progress:
                progress(done)
    check_digest(f"sha256:{hashed.hexdigest()}", digest, where)


def check_digest(found: str, digest: str, where: str) -> None:
    """Raise ``LocalError`` when a blob is not the one that was asked for."""
    if found != digest:
        raise LocalError(f"{where} gave {found} where {digest} was asked for")
