from pathlib import Path

from tests.fakes.front import NODES, front
from virtctl.local.bootstrap.jobs import build_jobs
from virtctl.local.controllers.components import COMPONENTS
from virtctl.local.daemon import logs


async def test_every_components_workers_are_jobs_with_a_log_of_their_own(tmp_path: Path) -> None:
    jobs = {job.name: job for job in build_jobs(front(tmp_path))}
    shown = {"orphans", "probe of QEMU"}  # the daemon's own
    for component in COMPONENTS:
        belongs = logs.Filter(logs.modules_of(component.name))
        for name in (each.format(node=node) for each in component.workers for node in NODES):
            assert belongs(f"2026-01-01T00:00:00.000Z ERROR {jobs[name].logger} failed")
            shown.add(name)
    assert shown == jobs.keys()
