"""``image build``: an image out of the packages of this machine's distribution."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.commands.image.shared import ImageOutput, library_of, one
from virtctl.cli.commands.image.watching import watching
from virtctl.cli.instance import Directory
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    recipe: Annotated[
        str,
        Argument(
            "RECIPE",
            help="tiny: kernel and busybox, 19 MB, in seconds; debian: cloud-init, in a minute.",
        ),
    ],
    *,
    name: Annotated[str, Option("--name", help="Name in the store (default: the recipe's).")] = "",
    directory: Directory = "",
    output: ImageOutput = "",
) -> Outcome:
    """Build an image out of distribution packages.

    Packages come from the machine's own apt sources. Both recipes take cloud-init's user data, keys
    and network data, and run the guest agent.
    """
    library = library_of(session, directory)
    with watching(session) as progress:
        image = library.build(recipe, name, progress)
    return Outcome(one(image, output, "built"))
