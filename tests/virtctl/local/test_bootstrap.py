"""The composition root: what is joined, and how jobs are kept running."""

import asyncio
import contextlib
import stat
from pathlib import Path

import pytest

from launcher import hostnet
from launcher.facts import HostFacts
from tests.fakes.eventually import eventually
from virtctl.errors import LocalError, WaitTimeout
from virtctl.local import bootstrap
from virtctl.local.bootstrap import Job, Parts, Secrets
from virtctl.local.config import LocalConfig
from virtctl.local.controllers.components import COMPONENTS
from virtctl.local.daemon import logs
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.foundation import Foundation
from virtctl.local.runtime.health import Health
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import KUBEVIRT, NAMESPACE, NODE

NODES = ("node1", "node2")
CONFIG = LocalConfig(nodes=2, node_names=NODES, version="0.1.0")


def parts(tmp_path: Path, store: Store | None = None) -> Parts:
    network = hostnet.design(CONFIG.node_names, directory=tmp_path)
    foundation = Foundation(network, HostFacts(), kernel="6.12", system="Debian")
    store = store or Store(MemoryLog())
    secrets = Secrets("token", "PEM")
    return bootstrap.build(InstanceLayout(tmp_path), CONFIG, foundation, store, secrets)


async def test_what_everything_needs_is_there_before_anything_runs(tmp_path: Path) -> None:
    made = parts(tmp_path)
    assert "kubevirt" in {each["metadata"]["name"] for each in made.service.list(NAMESPACE).items}
    assert len(made.service.list(KUBEVIRT).items) == 1
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - in a test


async def test_every_components_workers_are_jobs_with_a_log_of_their_own(tmp_path: Path) -> None:
    jobs = {job.name: job for job in parts(tmp_path).jobs}
    shown = {"orphans", "probe of QEMU"}  # the daemon's own
    for component in COMPONENTS:
        belongs = logs.Filter(logs.modules_of(component.name))
        for name in (each.format(node=node) for each in component.workers for node in NODES):
            assert belongs(f"2026-01-01T00:00:00.000Z ERROR {jobs[name].logger} failed")
            shown.add(name)
    assert shown == jobs.keys()


async def test_nodes_of_another_time_are_retired(tmp_path: Path) -> None:
    store = Store(MemoryLog())
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node3"}}
    parts(tmp_path, store).service.create(NODE, None, node)
    assert parts(tmp_path, store).service.list(NODE).items == []


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
    task = asyncio.create_task(bootstrap.supervised(job, health, again=0.01))
    await eventually(lambda: starts == 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    state = health.of("agent of node1", 0.0)
    assert (state.restarts, state.problem) == (2, "no tun")
    assert {record.name for record in caplog.records} == {"virtctl.local.node.agent"}


async def test_ready_means_that_every_node_is(tmp_path: Path) -> None:
    service = parts(tmp_path).service
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    for name in CONFIG.node_names:
        with pytest.raises(WaitTimeout, match=f"waiting for.* {CONFIG.node_names[-1]}"):
            await bootstrap.nodes_ready(service, CONFIG, 0.05)
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": ready}
        service.create(NODE, None, node)
    await bootstrap.nodes_ready(service, CONFIG, 5)


def test_nobody_else_reads_the_store(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.database.touch(mode=0o644)
    with bootstrap.open_store(layout):
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(found) >= {"store.db", "store.db-wal"}
    assert set(found.values()) == {0o600}


def test_a_store_that_is_none_is_named(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.database.write_text("not a database, by far" * 100)
    with pytest.raises(LocalError, match=r"store\.db"), bootstrap.open_store(layout):
        pass


class Renewed:
    """Counts how often certificates were loaded."""

    def __init__(self) -> None:
        self.times = 0

    def renew(self) -> None:
        self.times += 1


async def test_certificates_are_renewed_while_the_daemon_runs(tmp_path: Path) -> None:
    layout, serving = InstanceLayout(tmp_path), Renewed()
    keys = bootstrap._credentials(layout, CONFIG)
    before = layout.kubeconfig.read_text()
    task = asyncio.create_task(bootstrap.keep_renewed(layout, CONFIG, serving, 0.01))
    await asyncio.sleep(0.1)
    assert serving.times == 0
    keys.admin.unlink()
    await eventually(lambda: serving.times == 1)
    assert layout.kubeconfig.read_text() != before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
