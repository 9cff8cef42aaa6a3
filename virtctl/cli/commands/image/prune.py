"""``image prune``: images of the local store that nothing uses."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.commands.image.shared import library_of
from virtctl.cli.instance import Directory
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.output.humanize import size


def run(
    session: Session,
    *,
    everything: Annotated[
        bool, Option("--all", help="Also images that were imported or built.")
    ] = False,
    directory: Directory = "",
) -> Outcome:
    """Remove images of registries that no machine uses; they are pulled again when needed."""
    removed = library_of(session, directory).prune(everything=everything)
    lines = [f"image {image.name} removed" for image in removed]
    freed = sum({image.digest: image.size for image in removed}.values())
    return Outcome("\n".join([*lines, f"{size(freed)} freed"]))
