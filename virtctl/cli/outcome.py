"""``Outcome``: what a command returns."""

from __future__ import annotations

from typing import NamedTuple

from virtctl.errors import ExitCode


class Outcome(NamedTuple):
    """``text`` is data for stdout, ``notices`` are talk for stderr; without final newlines."""

    text: str = ""
    notices: tuple[str, ...] = ()
    code: int = ExitCode.OK
