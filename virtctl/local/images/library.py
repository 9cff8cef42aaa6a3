"""``ImageLibrary``: images by reference, from the store or from where the reference points.

The order is: a name of the store, then the OCI layout, docker archive or registry that the
reference names. All methods block; the node agent calls them in threads.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, assert_never

import msgspec
from msgspec.structs import replace

from launcher import imaging
from launcher.errors import LauncherError
from virtctl.errors import InvalidField, LocalError
from virtctl.local.images import references
from virtctl.local.images.layers import Extracted, Overlay
from virtctl.local.images.logins import Logins, nobody
from virtctl.local.images.manifests import host_architecture
from virtctl.local.images.references import (
    ArchiveReference,
    LayoutReference,
    Reference,
    RegistryReference,
)
from virtctl.local.images.sources import ArchiveSource, ImageManifest, LayoutSource, Source
from virtctl.local.images.store import ImageStore, StoredImage
from virtctl.local.layout import InstanceLayout

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from virtctl.local.images.mirrors import Mirrors
    from virtctl.local.images.packing import Packed


RECIPES: dict[str, Callable[[Path, Path, Callable[[str], None]], object]] = {
    "tiny": imaging.build_tiny,
    "debian": imaging.build_debian,
}
"""What can be built: from a recipe's name to what writes the image, given a package cache."""


class Progress(Protocol):
    """Watches a long piece of work."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """``done`` of ``total`` bytes of ``what``; ``total`` 0 when unknown."""


class PullPolicy(StrEnum):
    """``imagePullPolicy``. Without one it is ``IfNotPresent``, also for ``latest``."""

    IF_NOT_PRESENT = "IfNotPresent"
    ALWAYS = "Always"
    NEVER = "Never"


@dataclass(frozen=True, kw_only=True)
class DiskImage:
    """A disk of the store: a file of the host that is never written. ``virtual_size`` is bytes."""

    path: Path
    format: str
    virtual_size: int
    digest: str
    ref: str


class ImageLibrary:
    """The images of one instance."""

    def __init__(
        self,
        layout: InstanceLayout,
        *,
        logins: Logins | None = None,
        architecture: str = "",
        store: ImageStore | None = None,
        mirrors: Mirrors | None = None,
    ) -> None:
        """``mirrors`` are those of the system unless given."""
        self._layout = layout
        self._mirrors = mirrors
        self._logins = logins or nobody
        self._architecture = architecture or host_architecture()
        self.store = store or ImageStore(layout.images)

    def with_logins(self, logins: Logins) -> ImageLibrary:
        """The same images for somebody with other logins."""
        return ImageLibrary(
            self._layout,
            logins=logins,
            architecture=self._architecture,
            store=self.store,
            mirrors=self._mirrors,
        )

    def resolve(
        self,
        reference: str,
        pull_policy: str = "",
        path: str = "",
        progress: Progress | None = None,
    ) -> DiskImage:
        """The disk that a containerDisk's ``image`` (and ``path`` in it) means.

        Raises ``LocalError`` when it is nowhere, saying where was looked, ``InvalidField`` for an
        unknown policy. Images that were imported under the name are used whatever the policy.
        """
        policy = _policy(pull_policy)
        found = self.store.find(references.store_names(reference), path)
        if found and not (policy is PullPolicy.ALWAYS and found.source == found.name):
            return self._disk(found, reference)
        wanted = self._elsewhere(reference)
        if policy is PullPolicy.NEVER and isinstance(wanted, RegistryReference):
            raise self._absent(reference, "the pull policy is Never")
        try:
            return self._disk(self._pull(wanted, str(wanted), path, progress), reference)
        except LocalError as error:
            raise self._absent(reference, str(error)) from error

    def import_image(
        self, source: str, name: str = "", path: str = "", progress: Progress | None = None
    ) -> StoredImage:
        """Bring a disk file or an image into the store.

        ``source`` is a file, or what ``references.parse`` reads. Without ``name`` a file is called
        like itself without its suffix, an image like its reference. Raises ``LocalError``.
        """
        file = Path(source)
        if file.is_file():
            name = references.store_name(name or file.stem)
            return self._take_file(file, name, str(file.resolve()), progress)
        if source.startswith(("/", "./", "../", "~")):
            raise LocalError(f"there is no file `{source}`")
        reference = references.parse(source)
        name = references.store_name(name) if name else str(reference)
        return self._pull(reference, name, path, progress)

    def build(self, recipe: str, name: str = "", progress: Progress | None = None) -> StoredImage:
        """Build an image out of distribution packages; raises ``LocalError``."""
        build = RECIPES.get(recipe)
        if build is None:
            known = ", ".join(f"`{each}`" for each in RECIPES)
            raise LocalError(f"there is no recipe `{recipe}`; there are {known}")
        say = progress or _nobody
        with self.store.work() as work, _door():
            disk = work / "disk.qcow2"
            build(disk, self._layout.root / "cache/packages", say)
            built = Extracted(path=disk, digest=f"sha256:{imaging.sha256(disk)}")
            image = self._describe(built, references.store_name(name or recipe), f"built: {recipe}")
            return self.store.put(image, disk)

    def images(self) -> tuple[StoredImage, ...]:
        """All images of the store, by name."""
        return self.store.images()

    def remove(self, name: str, *, force: bool = False) -> tuple[StoredImage, ...]:
        """Remove all images of a name; raises ``LocalError`` when there is none or it is in use."""
        names = references.store_names(name)
        found = tuple(image for image in self.store.images() if image.name in names)
        if not found:
            raise LocalError(f"there is no image `{name}` in `{self.store.root}`")
        for image in found:
            users = () if force else self._users(image)
            if users:
                raise LocalError(
                    f"image `{name}` is used by {', '.join(users)}",
                    "stop what uses it, or remove it all the same with --force",
                )
        for image in found:
            self.store.remove(image)
        return found

    def prune(self, *, everything: bool = False) -> tuple[StoredImage, ...]:
        """Remove images that no machine uses; returns them.

        Those that were imported or built are kept, unless ``everything`` is to go.
        """
        removed = []
        for image in self.store.images():
            pulled = image.source == image.name and bool(image.manifest)
            if (pulled or everything) and not self._users(image):
                self.store.remove(image)
                removed.append(image)
        return tuple(removed)

    def pack(self, file: str, name: str, target: str, progress: Progress | None = None) -> str:
        """Make a containerDisk of a file, or of the image ``name``; returns its digest.

        ``target`` is a directory, by its whole path, or a registry's reference. Raises
        ``LocalError``.
        """
        from virtctl.local.images import packing

        say = progress or _nobody
        disk = Path(file)
        if not disk.is_file():
            found = self.store.find(references.store_names(name))
            if found is None:
                raise self._absent(name, f"there is no file `{file}`")
            disk = self._disk(found, name).path
        with self.store.work() as work:
            say("packing")
            packed = packing.pack(disk, work, self._architecture)
            if target.startswith("/"):
                packing.write_layout(packed, Path(target), "latest")
            else:
                self._push(packed, target, say)
            return packed.manifest.digest

    def _push(self, packed: Packed, target: str, say: Progress) -> None:
        from virtctl.local.images import pushing

        reference = references.parse_registry(target)
        total = sum(blob.size for blob in packed.blobs)
        with pushing.RegistryTarget(reference, self._architecture, self._logins) as registry:
            registry.push(packed, partial(_report, say, f"pushing to {reference}", total))

    def _elsewhere(self, reference: str) -> Reference:
        """Where to look for what is not in the store; what we can build is nowhere else."""
        if reference.removesuffix(f":{references.DEFAULT_TAG}") in RECIPES:
            raise self._absent(reference, "it is built, not pulled")
        return references.parse(reference)

    def _absent(self, reference: str, cause: str) -> LocalError:
        name = reference.removesuffix(f":{references.DEFAULT_TAG}")
        hint = (
            f"build it with `virtctl image build {name}`"
            if name in RECIPES
            else "`virtctl image list` shows what is there, `virtctl image import` brings more"
        )
        store = f"the store `{self.store.root}` has no such name"
        return LocalError(f"image `{reference}` is not there: {store}; {cause}", hint)

    def _pull(
        self, reference: Reference, name: str, path: str, progress: Progress | None
    ) -> StoredImage:
        with self.store.turn(f"{reference} {path}"), self._source(reference) as source:
            manifest = source.manifest()
            known = self.store.with_manifest(manifest.digest, path)
            if known:
                if (known.name, known.source) == (name, str(reference)):
                    return known
                return self.store.name(known, name, str(reference))
            with self.store.work() as work:
                disk = _take_disk(source, manifest, (str(reference), path), work, progress)
                image = self._describe(disk, name, str(reference))
                image = replace(image, manifest=manifest.digest, path=path)
                return self.store.put(image, disk.path)

    def _source(self, reference: Reference) -> AbstractContextManager[Source]:
        match reference:
            case LayoutReference():
                directory = Path(reference.directory)
                return nullcontext(LayoutSource(directory, reference.tag, self._architecture))
            case ArchiveReference():
                return nullcontext(ArchiveSource(Path(reference.file), reference.reference))
            case RegistryReference():
                from virtctl.local.images import mirrors, registry

                places = (self._mirrors or mirrors.of_system()).places(reference)
                return mirrors.MirroredSource(
                    places,
                    lambda place: registry.RegistrySource(place, self._architecture, self._logins),
                )
            case _:
                assert_never(reference)

    def _take_file(
        self, file: Path, name: str, source: str, progress: Progress | None
    ) -> StoredImage:
        say = progress or _nobody
        with self.store.work() as work:
            disk = work / "disk"
            # The copy is what is looked at and kept: the file may change under our eyes.
            size = file.stat().st_size
            say("copying", 0, size)
            shutil.copyfile(file, disk)
            digest = imaging.sha256(disk, partial(_report, say, "reading", size))
            copied = Extracted(path=disk, digest=f"sha256:{digest}")
            return self.store.put(self._describe(copied, name, source), disk)

    def _describe(self, disk: Extracted, name: str, source: str) -> StoredImage:
        """A disk that is about to come into the store; raises ``LocalError`` when it is none."""
        with _door():
            info = imaging.inspect(disk.path)
        return StoredImage(
            name=name,
            digest=disk.digest,
            format=info.format,
            virtual_size=info.virtual_size,
            size=info.actual_size,
            source=source,
            imported="",
        )

    def _disk(self, image: StoredImage, reference: str) -> DiskImage:
        file = self.store.file(image)
        if not file.is_file():
            raise LocalError(
                f"image `{image.name}` lost its file `{file}`",
                f"remove it with `virtctl image rm {image.name}` and bring it again",
            )
        return DiskImage(
            path=file,
            format=image.format,
            virtual_size=image.virtual_size,
            digest=image.digest,
            ref=reference,
        )

    def _users(self, image: StoredImage) -> tuple[str, ...]:
        """Machines whose spec names the image's file."""
        file = str(self.store.file(image)).encode()
        specs = sorted(self._layout.machine("x").parent.glob("*/spec.json"))
        texts = [spec.read_bytes() for spec in specs]
        return tuple(_machine_name(text) for text in texts if file in text)


def _take_disk(
    source: Source,
    manifest: ImageManifest,
    wanted: tuple[str, str],
    work: Path,
    progress: Progress | None,
) -> Extracted:
    """Fetch all layers and take the disk out of them."""
    where, path = wanted
    say = progress or _nobody
    overlay = Overlay(work, path)
    for number, layer in enumerate(manifest.layers, 1):
        blob = work / "layer"
        label = f"layer {number} of {len(manifest.layers)}"
        source.fetch(layer, blob, partial(_report, say, label, layer.size))
        with _door():
            overlay.apply(blob, partial(_report, say, "unpacking the disk", 0))
        blob.unlink()
    return overlay.disk(f"image `{where}`")


def _report(say: Progress, what: str, total: int, done: int) -> None:
    say(what, done, total)


class _Machine(msgspec.Struct):
    name: str = ""
    namespace: str = ""


def _machine_name(spec: bytes) -> str:
    machine = msgspec.json.decode(spec, type=_Machine)
    return f"machine `{machine.namespace}/{machine.name}`"


def _policy(text: str) -> PullPolicy:
    try:
        return PullPolicy(text or PullPolicy.IF_NOT_PRESENT)
    except ValueError:
        raise InvalidField(
            "imagePullPolicy", text, f"must be one of {', '.join(PullPolicy)}"
        ) from None


def _nobody(what: str, done: int = 0, total: int = 0) -> None:
    """Progress that nobody watches."""


@contextmanager
def _door() -> Iterator[None]:
    """The launcher's errors in our own terms."""
    try:
        yield
    except LauncherError as error:
        raise LocalError(str(error), error.hint) from error
