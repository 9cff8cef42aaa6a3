"""What the ``image`` commands share: the library of an instance, and how images are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from virtctl.cli.instance import layout_of
from virtctl.cli.options import Option
from virtctl.cli.session import Session
from virtctl.models.documents import Document
from virtctl.output.documents import as_json, as_yaml
from virtctl.output.humanize import age, size
from virtctl.output.tables import grid

if TYPE_CHECKING:
    from virtctl.local.images.library import ImageLibrary
    from virtctl.local.images.store import StoredImage

ImageOutput = Annotated[
    str,
    Option(
        "--output",
        "-o",
        help="Output format: json, yaml or name.",
        choices=("json", "yaml", "name"),
    ),
]


def library_of(session: Session, directory: str) -> ImageLibrary:
    """The images of the instance in ``directory``, with the user's logins to registries."""
    from virtctl.local.images.library import ImageLibrary
    from virtctl.local.images.logins import docker_logins

    home = session.env.environ.get("DOCKER_CONFIG") or f"{session.env.home}/.docker"
    return ImageLibrary(
        layout_of(session, directory),
        logins=docker_logins(session.env.path(f"{home}/config.json")),
    )


def document(image: StoredImage) -> Document:
    """An image as JSON."""
    found: Document = {
        "name": image.name,
        "digest": image.digest,
        "format": image.format,
        "virtualSize": image.virtual_size,
        "size": image.size,
        "source": image.source,
        "imported": image.imported,
    }
    if image.manifest:
        found |= {"manifest": image.manifest, "path": image.path}
    return found


def listing(images: Sequence[StoredImage], output: str, now: float) -> str:
    """Images in the format asked for; a table without one."""
    match output:
        case "json":
            return as_json([document(image) for image in images])
        case "yaml":
            return as_yaml([document(image) for image in images]).rstrip("\n")
        case "name":
            return "\n".join(image.name for image in images)
        case _:
            return "\n".join(_table(images, now))


def one(image: StoredImage, output: str, done: str) -> str:
    """One image after something was done to it: a sentence, or the format asked for."""
    match output:
        case "json":
            return as_json(document(image))
        case "yaml":
            return as_yaml(document(image)).rstrip("\n")
        case "name":
            return image.name
        case _:
            facts = f"{image.format}, {size(image.virtual_size)}, {size(image.size)} on disk"
            return f"image {image.name} {done} ({facts})"


def _table(images: Sequence[StoredImage], now: float) -> list[str]:
    head = ["NAME", "FORMAT", "SIZE", "ON DISK", "AGE", "SOURCE"]
    rows = [
        [
            image.name,
            image.format,
            size(image.virtual_size),
            size(image.size),
            age(image.imported, now),
            image.source + (f" {image.path}" if image.path else ""),
        ]
        for image in images
    ]
    return grid([head, *rows]) if rows else []
