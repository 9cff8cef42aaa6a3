"""What is made out of all objects of some kinds at once, and again whenever one of them changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from virtctl.local.api.service import ApiService
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.models.kinds import Kind

SETTLE = 0.05
"""Seconds in which changes are gathered."""
AGAIN = 10.0
"""Seconds until what failed is tried again."""


async def keep_renewed(
    service: ApiService, kinds: Iterable[Kind], renew: Callable[[], Awaitable[bool]], name: str
) -> None:
    """Call ``renew`` now and after changes of ``kinds``, until cancelled; False: it is to be again.

    ``name`` is for the names of tasks.
    """
    changed = asyncio.Event()

    def notice(seen: Seen) -> None:
        del seen
        changed.set()

    async with asyncio.TaskGroup() as tasks:
        for kind in kinds:
            informer = Informer(service, kind, notice)
            tasks.create_task(informer.run(), name=f"{name} {kind.plural}")
        tasks.create_task(_renew(changed, renew), name=name)


async def _renew(changed: asyncio.Event, renew: Callable[[], Awaitable[bool]]) -> None:
    wait: float | None = 0.0
    while True:
        try:
            async with asyncio.timeout(wait):
                await changed.wait()
            await asyncio.sleep(SETTLE)
        except TimeoutError:
            pass
        changed.clear()
        wait = None if await renew() else AGAIN
