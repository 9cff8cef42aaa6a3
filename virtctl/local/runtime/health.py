"""How the daemon's jobs are: told by who runs them, read by who shows them."""

from __future__ import annotations

from dataclasses import dataclass

SETTLED = 10.0
"""Seconds without another failure after which a job counts as well again."""


@dataclass(frozen=True)
class State:
    """How one job is. ``problem`` is its last failure, empty while it is well."""

    restarts: int = 0
    problem: str = ""


class Health:
    """What is known of the jobs by name; a job of which nothing was told is well."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float, str]] = {}

    def failed(self, job: str, problem: str, now: float) -> None:
        """A job ended with ``problem`` at ``now`` (Unix time) and will be started again."""
        restarts = self._failures[job][0] if job in self._failures else 0
        self._failures[job] = (restarts + 1, now, problem)

    def of(self, job: str, now: float) -> State:
        """How ``job`` is at ``now``."""
        restarts, when, problem = self._failures.get(job, (0, 0.0, ""))
        return State(restarts, problem if now - when < SETTLED else "")
