import asyncio
import contextlib

import pytest

from tests.fakes.eventually import eventually
from virtctl.errors import LocalError
from virtctl.local.bootstrap.supervising import Job, supervised
from virtctl.local.runtime.health import Health


async def test_a_job_that_fails_is_started_again_and_its_failure_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts = 0

    async def body() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(broken())
        await asyncio.sleep(60)

    async def broken() -> None:
        raise LocalError("no tun")

    health = Health()
    job = Job("agent of node1", body, "virtctl.local.node.agent")
    task = asyncio.create_task(supervised(job, health, again=0.01))
    await eventually(lambda: starts == 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    state = health.of("agent of node1", 0.0)
    assert (state.restarts, state.problem) == (2, "no tun")
    assert {record.name for record in caplog.records} == {"virtctl.local.node.agent"}
