"""``vnc screenshot``: a picture of the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from virtctl.cli.options import Option, VmiName
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.verbs import doing
from virtctl.client.messages import Request
from virtctl.client.subresources import Owner, path


def run(
    session: Session,
    name: VmiName,
    *,
    file: Annotated[
        str,
        Option(
            "--file", "-f", help="File to write, or `-` for stdout.", required=True, complete="file"
        ),
    ] = "",
    move_cursor: Annotated[
        bool, Option("--move-cursor", "-m", help="Move the cursor first, to wake the screen.")
    ] = False,
) -> Outcome:
    """Save a picture of the screen as PNG."""
    where = path(Owner.VMI, session.namespace, name, "vnc/screenshot")
    query = {"moveCursor": str(move_cursor).lower()}
    with doing(f"cannot take a picture of VMI {name}"):
        picture = session.rest.send(Request("GET", where, query)).body
    if file == "-":
        session.env.stdout.buffer.write(picture)
        session.env.stdout.buffer.flush()
    else:
        Path(session.env.path(file)).write_bytes(picture)
    return Outcome()
