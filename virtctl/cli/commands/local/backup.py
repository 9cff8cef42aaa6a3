"""``local backup``: objects and credentials of the instance in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.options import Argument
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    file: Annotated[str, Argument("FILE", help="Where to write it; replaced when it is there.")],
    *,
    directory: Directory = "",
) -> Outcome:
    """Save all objects and the credentials of the instance, running or not.

    Disks and images are not in it. The file holds private keys: keep it as you keep those.
    """
    from virtctl.local.daemon.backup import save
    from virtctl.version import VERSION

    target = Path(session.env.path(file))
    save(layout_of(session, directory), target, VERSION)
    return Outcome(f"backup written to {target}")
