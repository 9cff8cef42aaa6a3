"""``local restore``: an instance as it was when a backup was made."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.options import Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    file: Annotated[str, Argument("FILE", help="A file that `local backup` has written.")],
    *,
    directory: Directory = "",
    replace: Annotated[
        bool, Option("--replace", help="Lose the objects of the instance that is there.")
    ] = False,
) -> Outcome:
    """Put a backup's objects and credentials in place; `local up` starts them.

    Disks and images that are there are kept.
    """
    from virtctl.local.daemon.backup import restore

    layout = layout_of(session, directory)
    done = restore(layout, Path(session.env.path(file)), replace=replace)
    made = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(done.note.made))
    return Outcome(
        f"restored as of {made} UTC",
        notices=("start it with `virtctl local up`",),
    )
