"""``image list``: what the local store holds."""

from __future__ import annotations

from virtctl.cli.commands.image.shared import ImageOutput, library_of, listing
from virtctl.cli.instance import Directory
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(session: Session, *, directory: Directory = "", output: ImageOutput = "") -> Outcome:
    """List the images of the local store.

    A virtual machine uses one by its name: `containerDisk: {image: tiny}`.
    """
    library = library_of(session, directory)
    images = library.images()
    notices = () if images or output else (f"no images in {library.store.root}",)
    return Outcome(listing(images, output, session.env.now()), notices)
