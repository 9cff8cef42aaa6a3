"""How far cloud-init is inside a guest, by what it writes to the serial console at its end."""

from __future__ import annotations

import re

from virtctl.cli.session import Session
from virtctl.client.launchers import SERIAL, launcher, log
from virtctl.errors import VirtctlError

# cloud-init's final message begins so unless its configuration says otherwise
_FINISHED = re.compile(
    r"cloud-init v\.? ?\S* .*finished at|cloud-init.*boot-finished", re.IGNORECASE
)
_LINES = "2000"


def unfinished(session: Session, name: str) -> str:
    """Why cloud-init has not ended as far as is seen; empty when it has."""
    query = {"container": SERIAL, "tailLines": _LINES}
    try:
        pod = launcher(session.rest, session.namespace, name)
        written = b"".join(log(session.rest, pod, session.namespace, query))
    except VirtctlError as error:
        return f"its serial log cannot be read: {error}"
    return "" if _FINISHED.search(written.decode(errors="replace")) else "cloud-init has not ended"
