"""What follows kinds of objects as a whole."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from tests.fakes.waiting import until
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import renewals
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import CONFIG_MAP, SECRET


@contextlib.asynccontextmanager
async def renewing(answer: Callable[[], bool]) -> AsyncIterator[tuple[ApiService, list[int]]]:
    """How many config maps and secrets there were at each renewal."""
    service, found = ApiService(Store(MemoryLog())), []
    service.ensure_namespace("n")

    async def renew() -> bool:
        found.append(sum(len(service.list(kind).items) for kind in (CONFIG_MAP, SECRET)))
        return answer()

    kinds = (CONFIG_MAP, SECRET)
    task = asyncio.create_task(renewals.keep_renewed(service, kinds, renew, "test"))
    try:
        yield service, found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def make(service: ApiService, name: str) -> None:
    for kind in (CONFIG_MAP, SECRET):
        service.create(kind, "n", {"metadata": {"name": name}})


async def test_it_is_renewed_at_once_and_after_changes() -> None:
    async with renewing(lambda: True) as (service, found):
        await until(lambda: found)
        assert found[0] == 0
        make(service, "a")
        await until(lambda: found[-1] == 2)
        make(service, "b")
        await until(lambda: found[-1] == 4)


async def test_what_failed_is_renewed_again(monkeypatch) -> None:
    monkeypatch.setattr(renewals, "AGAIN", 0.01)
    answers = iter([False, False])
    async with renewing(lambda: next(answers, True)) as (_, found):
        await until(lambda: len(found) == 3)
        assert next(answers, True)
