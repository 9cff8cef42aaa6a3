"""Listening to a console until it shows something: what scripts wait for."""

from __future__ import annotations

import asyncio
import re

from virtctl.cli.dialing import patience_of, when_running
from virtctl.cli.session import Session
from virtctl.errors import StreamError, UsageError, WaitTimeout
from virtctl.streams.duplex import Duplex

_SILENCE = 2.0  # seconds after which a console is taken for one that waits for somebody
_KEPT = 65536  # characters in which a match may lie


def pattern(text: str) -> re.Pattern[str]:
    """``text`` as a regular expression, whose ``^`` and ``$`` are those of lines.

    Raises ``UsageError``.
    """
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        raise UsageError(
            f"invalid argument `{text}` for flag `--wait-for`: {error}",
            "it is a regular expression, as in `login:`",
        ) from None


async def expect(
    session: Session, name: str, where: str, patience: str, wanted: re.Pattern[str]
) -> None:
    """Copy the console to stdout until it shows ``wanted``.

    ``patience`` is for the machine and the words together; 0 is for ever. Raises ``WaitTimeout``,
    and ``StreamError`` when the console ends before.
    """
    limit = patience_of(patience)
    ear = _Ear(session, wanted)
    try:
        async with asyncio.timeout(limit or None):
            remote = await when_running(session, name, where, patience)
            try:
                await ear.listen(remote)
            finally:
                await remote.close()
    except TimeoutError:
        raise WaitTimeout(
            f"`{wanted.pattern}` on the console of {name}", limit, f"its last line was: {ear.last}"
        ) from None
    except StreamError as error:
        raise StreamError(f"the console of {name} ended: {error}") from error


class _Ear:
    """What was heard so far."""

    def __init__(self, session: Session, wanted: re.Pattern[str]) -> None:
        self._out = session.env.stdout
        self._wanted = wanted
        self._heard = ""

    @property
    def last(self) -> str:
        """The last line that is not empty."""
        return next((line for line in reversed(self._heard.splitlines()) if line.strip()), "none")

    async def listen(self, remote: Duplex) -> None:
        """Return when it was heard. Raises ``StreamError``."""
        while True:
            receiving = asyncio.ensure_future(remote.receive())
            try:
                if not self._heard:
                    await asyncio.wait({receiving}, timeout=_SILENCE)
                    if not receiving.done():
                        await remote.send(b"\r")
                data = await receiving
            finally:
                receiving.cancel()
            if not data:
                raise StreamError("it said no more")
            if self._take(data.decode(errors="replace")):
                return

    def _take(self, text: str) -> bool:
        self._out.write(text)
        self._out.flush()
        self._heard = (self._heard + text.replace("\r", ""))[-_KEPT:]
        return self._wanted.search(self._heard) is not None
