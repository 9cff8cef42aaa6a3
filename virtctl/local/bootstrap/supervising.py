"""Jobs: what runs as long as the daemon does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from virtctl.local.runtime.health import Health

_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Job:
    """Something that runs as long as the daemon does; it is started again when it fails.

    ``logger`` is the module that its failures are logged for.
    """

    name: str
    body: Callable[[], Coroutine[object, object, None]]
    logger: str = "daemon"


async def supervised(job: Job, health: Health, again: float = _AGAIN_SECONDS) -> None:
    """Run a job for ever: one that fails is logged and started again after ``again`` seconds."""
    while True:
        try:
            await job.body()
        except Exception as error:
            logging.getLogger(job.logger).exception("%s failed; again in %g s", job.name, again)
            health.failed(job.name, _reason(error), time.time())
        await asyncio.sleep(again)


def _reason(error: BaseException) -> str:
    """The first failure inside groups of them, in a line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
