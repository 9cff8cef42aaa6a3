"""``image pack``: a disk as a containerDisk, into a registry or a directory."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.commands.image.shared import library_of
from virtctl.cli.commands.image.watching import watching
from virtctl.cli.instance import Directory
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import UsageError


def run(
    session: Session,
    source: Annotated[
        str, Argument("SOURCE", help="A raw or qcow2 file, or a name of the local store.")
    ],
    *,
    push: Annotated[str, Option("--push", help="Push the image as HOST/REPOSITORY[:TAG].")] = "",
    layout: Annotated[
        str, Option("--layout", help="Write the image to a directory, as an OCI layout.")
    ] = "",
    directory: Directory = "",
) -> Outcome:
    """Make a containerDisk out of a disk.

    Machines use it as `containerDisk.image`, here and in any cluster.
    """
    if bool(push) == bool(layout):
        raise UsageError("give either --push or --layout", "say where the image is to go")
    library = library_of(session, directory)
    with watching(session) as progress:
        place = layout and session.env.path(layout)
        digest = library.pack(session.env.path(source), source, push or place, progress)
    return Outcome(f"image {push or layout} packed ({digest})")
