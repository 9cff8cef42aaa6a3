"""Claims that ask for more."""

from pathlib import Path

import pytest

from tests.fakes.background import background
from tests.fakes.cluster import Cluster
from virtctl.local.controllers.claims import ClaimController
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.growth import Growth, wants_more
from virtctl.models.kinds import PV, PVC

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}


@pytest.fixture
async def cluster(tmp_path: Path):
    made, layout = Cluster(), InstanceLayout(tmp_path)
    service = made.service
    service.ensure_namespace("default")
    service.create(PVC, "default", {"metadata": {"name": "c"}, "spec": SPEC})
    made.disk = layout.volumes / "default/c/disk.img"
    async with background(
        ClaimController(layout.volumes).run(service, made.clock),
        Growth(service, layout, made.clock).run(),
    ):
        await made.until(lambda: service.get(PVC, "default", "c")["status"]["phase"] == "Bound")
        yield made


async def test_a_disk_that_nobody_uses_grows(cluster) -> None:
    cluster.disk.parent.mkdir(parents=True)
    cluster.disk.write_bytes(b"x" * 1024)
    claim = cluster.service.get(PVC, "default", "c")
    claim["spec"]["resources"]["requests"]["storage"] = "2Mi"
    cluster.service.update(PVC, "default", "c", claim)

    def capacity():
        return cluster.service.get(PVC, "default", "c")["status"]["capacity"]["storage"]

    await cluster.until(lambda: capacity() == "2Mi")
    assert cluster.disk.stat().st_size == 2 << 20
    (volume,) = cluster.service.list(PV).items
    assert volume["spec"]["capacity"]["storage"] == "2Mi"


def test_who_grows() -> None:
    claim = {
        "metadata": {"name": "c"},
        "spec": {"resources": {"requests": {"storage": "2Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
    }
    assert wants_more(claim)
    assert not wants_more({**claim, "status": {"phase": "Pending"}})
    same = {"phase": "Bound", "capacity": {"storage": "2Gi"}}
    assert not wants_more({**claim, "status": same})
