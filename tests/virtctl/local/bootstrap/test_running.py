import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.eventually import eventually
from tests.fakes.front import CONFIG, front
from virtctl.errors import LocalError, WaitTimeout
from virtctl.local.bootstrap import running
from virtctl.local.layout import InstanceLayout
from virtctl.models.kinds import NODE


async def test_ready_means_that_every_node_is(tmp_path: Path) -> None:
    service = front(tmp_path).service
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    for name in CONFIG.node_names:
        with pytest.raises(WaitTimeout, match=f"waiting for.* {CONFIG.node_names[-1]}"):
            await running.nodes_ready(service, CONFIG, 0.05)
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": ready}
        service.create(NODE, None, node)
    await running.nodes_ready(service, CONFIG, 5)


def test_nobody_else_reads_the_store(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.database.touch(mode=0o644)
    with running.open_store(layout):
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(found) >= {"store.db", "store.db-wal"}
    assert set(found.values()) == {0o600}


def test_a_store_that_is_none_is_named(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.database.write_text("not a database, by far" * 100)
    with pytest.raises(LocalError, match=r"store\.db"), running.open_store(layout):
        pass


class Renewed:
    """Counts how often certificates were loaded."""

    def __init__(self) -> None:
        self.times = 0

    def renew(self) -> None:
        self.times += 1


async def test_certificates_are_renewed_while_the_daemon_runs(tmp_path: Path) -> None:
    layout, serving = InstanceLayout(tmp_path), Renewed()
    keys = running._credentials(layout, CONFIG)
    before = layout.kubeconfig.read_text()
    task = asyncio.create_task(running.keep_renewed(layout, CONFIG, serving, 0.01))
    await asyncio.sleep(0.1)
    assert serving.times == 0
    keys.admin.unlink()
    await eventually(lambda: serving.times == 1)
    assert layout.kubeconfig.read_text() != before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


NEEDLESS = (
    "virtctl.local.bootstrap.jobs", "virtctl.local.controllers.machine.controller",
    "virtctl.local.images.library", "launcher.domain", "cryptography", "httpx", "h2",
    "libvirt", "websockets", "xml.etree", "yaml",
)  # fmt: skip


def test_what_answers_loads_little() -> None:
    program = f"""
import sys
import virtctl.local.bootstrap
assert "virtctl.local.bootstrap.front" in sys.modules
print([name for name in {NEEDLESS!r} if name in sys.modules])
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
