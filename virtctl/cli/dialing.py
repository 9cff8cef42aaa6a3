"""Opening a console or screen of a machine that may still be on its way up."""

from __future__ import annotations

import asyncio

from virtctl.cli.durations import seconds
from virtctl.cli.session import Session
from virtctl.client.sockets import SocketDuplex, dial
from virtctl.errors import BadRequest, NotFound, WaitTimeout

_PAUSE = 1.0


def patience_of(text: str) -> float:
    """``--timeout`` in seconds; a bare number is minutes. Raises ``UsageError``."""
    return float(text) * 60 if text.isdigit() else seconds(text, "--timeout")


async def when_running(
    session: Session, name: str, path: str, patience: str, query: dict[str, str] | None = None
) -> SocketDuplex:
    """Open the stream at ``path``, waiting while the server says that the machine does not run yet.

    A bare number in ``patience`` is minutes, as in Go's tool; 0 tries once. Raises ``WaitTimeout``,
    and at once any other refusal.
    """
    limit = patience_of(patience)
    env = session.env
    deadline = env.monotonic() + limit
    told = ""
    while True:
        try:
            return await dial(session.rest, path, query)
        except NotFound as error:
            if not error.details.name and "not found" not in error.message.lower():
                raise NotFound(f"VMI {name} not found: {error.message}") from error
            raise
        except BadRequest as error:
            if not limit or "No " in error.message:  # it will never have a console or screen
                raise
            if env.monotonic() + _PAUSE > deadline:
                raise WaitTimeout(
                    f"VM {name}", limit, f"the last answer was: {error.message}"
                ) from error
            if error.message != told:
                session.line(f"waiting for VM {name}: {error.message}")
                told = error.message
        await asyncio.sleep(_PAUSE)
