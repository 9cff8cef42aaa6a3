"""``image import``: a disk file, or the disk of an image, into the local store."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.commands.image.shared import ImageOutput, library_of, one
from virtctl.cli.commands.image.watching import watching
from virtctl.cli.instance import Directory
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session

_SCHEMES = ("oci:", "docker-archive:")


def run(
    session: Session,
    source: Annotated[
        str,
        Argument(
            "SOURCE",
            help="A raw or qcow2 file, oci:DIR[:TAG], docker-archive:FILE or HOST/REPOSITORY.",
        ),
    ],
    name: Annotated[
        str, Argument("NAME", help="Name in the store (default: from the source).")
    ] = "",
    *,
    path: Annotated[
        str, Option("--path", help="The disk's file in an image (default: the one in /disk).")
    ] = "",
    directory: Directory = "",
    output: ImageOutput = "",
) -> Outcome:
    """Bring an image into the local store.

    A name of the store may be that of a registry's image: machines that use the image then need no
    registry.
    """
    library = library_of(session, directory)
    with watching(session) as progress:
        image = library.import_image(_absolute(session, source), name, path, progress)
    return Outcome(one(image, output, "imported"))


def _absolute(session: Session, source: str) -> str:
    """``source`` with a path in it made absolute; a reference to a registry stays as it is."""
    for scheme in _SCHEMES:
        if source.startswith(scheme):
            return scheme + session.env.path(source.removeprefix(scheme))
    from pathlib import Path

    file = session.env.path(source)
    return file if Path(file).is_file() or source.startswith(("/", ".", "~")) else source
