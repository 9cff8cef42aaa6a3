"""Polls of images by schedule."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.eventually import eventually
from tests.fakes.images import layer
from tests.fakes.registry import Registry
from tests.fakes.service import make_service
from virtctl.local.node.polling import Polling, is_due
from virtctl.local.runtime import polls
from virtctl.local.runtime.clock import SystemClock
from virtctl.models.kinds import DATA_IMPORT_CRON, EVENT


def cron(url: str = "", schedule: str = "@hourly", name: str = "fedora") -> dict:
    source = {"registry": {"url": url}} if url else {"http": {"url": "http://x"}}
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataImportCron",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"schedule": schedule, "template": {"spec": {"source": source}}},
    }


async def test_the_newest_version_is_told() -> None:
    registry = Registry()
    service = make_service()
    polling = Polling(service, SystemClock())
    try:
        digest = registry.blobs.image(layer({"disk/a": b"x"}))
        registry.tags["fedora:40"] = digest
        service.create(DATA_IMPORT_CRON, "default", cron(f"docker://{registry.host}/fedora:40"))
        service.create(DATA_IMPORT_CRON, "default", cron(name="other"))
        task = asyncio.create_task(polling.run(0.01))

        def found(name: str) -> dict:
            return service.get(DATA_IMPORT_CRON, "default", name)

        await eventually(lambda: bool(polls.polled(found("other"))), 60)
        await eventually(lambda: polls.desired(found("fedora")) == digest, 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert polls.desired(found("other")) == ""
        events = service.list(EVENT, "default").items
        assert [event["reason"] for event in events] == ["PollFailed"]
    finally:
        registry.close()


@pytest.mark.parametrize(
    ("digest", "last", "schedule", "due"),
    [
        ("", 0.0, "@hourly", True),
        ("", 7190.0, "@daily", False),
        ("", 7100.0, "@daily", True),
        ("sha256:1", 7100.0, "@hourly", True),
        ("sha256:1", 7201.0, "@hourly", False),
        ("sha256:1", 10.0, "", False),
        ("sha256:1", 10.0, "never", False),
    ],
)
def test_when_it_is_time(digest: str, last: float, schedule: str, due: bool) -> None:
    one = cron("docker://x", schedule)
    if last:
        one["metadata"] |= polls.found(digest, last)["metadata"]
    assert is_due(one, 7210.0) is due
