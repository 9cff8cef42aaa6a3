"""``image rm``: names out of the local store, and disks that no name is left for."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.commands.image.shared import library_of
from virtctl.cli.instance import Directory
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    names: Annotated[list[str], Argument("NAME", help="Names of images.")],
    *,
    force: Annotated[bool, Option("--force", help="Even images that a machine uses.")] = False,
    directory: Directory = "",
) -> Outcome:
    """Remove images from the local store."""
    library = library_of(session, directory)
    removed = [image.name for name in names for image in library.remove(name, force=force)]
    return Outcome("\n".join(f"image {name} removed" for name in dict.fromkeys(removed)))
