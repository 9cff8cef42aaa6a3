"""``local down``: stop the control plane, or remove it with all that it made."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.drive import drive
from virtctl.cli.durations import seconds
from virtctl.cli.instance import Directory, layout_of
from virtctl.cli.kubeconfigs import certificate_authority, forget_local
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session


def run(
    session: Session,
    *,
    directory: Directory = "",
    delete: Annotated[
        bool, Option("--delete", help="Remove the instance with its machines, disks and images.")
    ] = False,
    grace: Annotated[
        str,
        Option("--grace", help="How long guests may take to shut down.", metavar="DURATION"),
    ] = "",
) -> Outcome:
    """Shut guests down, stop the control plane, and undo what was changed on the host.

    Objects, disks and images are kept for the next `local up` unless --delete is given. Works after
    crashes too, and twice.
    """
    from virtctl.local.daemon.down import down

    layout = layout_of(session, directory)
    patience = seconds(grace, "--grace") if grace else None
    authority = certificate_authority(layout)
    done = drive(down(layout, delete=delete, grace=patience, say=session.line))
    forgotten = forget_local(session, authority) if delete else ()
    if not done:
        return Outcome(notices=(f"nothing runs in {layout.root}",))
    notices = tuple(f"context virtctl-local is removed from {path}" for path in forgotten)
    return Outcome("removed" if delete else "stopped", notices=notices)
