import asyncio
from pathlib import Path

import pytest

from tests.fakes.eventually import eventually
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.warming import keep_warm

pytestmark = pytest.mark.host


async def test_qemu_is_probed_once_and_the_job_goes_on(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    job = asyncio.create_task(keep_warm(layout))
    try:
        await eventually(lambda: layout.caps_cache.is_dir() and any(layout.caps_cache.iterdir()))
        await asyncio.sleep(0.3)
        assert not job.done()
    finally:
        job.cancel()
