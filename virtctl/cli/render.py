"""An ``Outcome`` to the two streams."""

from __future__ import annotations

from virtctl.cli.env import Env
from virtctl.cli.outcome import Outcome


def render(outcome: Outcome, env: Env) -> int:
    """Write it and return the exit code."""
    for notice in outcome.notices:
        env.stderr.write(f"{notice}\n")
    if outcome.text:
        env.stdout.write(outcome.text if outcome.text.endswith("\n") else f"{outcome.text}\n")
    env.stdout.flush()
    return int(outcome.code)
