from pathlib import Path

from tests.fakes.front import front
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import KUBEVIRT, NAMESPACE, NODE


async def test_what_everything_needs_is_there_before_anything_runs(tmp_path: Path) -> None:
    made = front(tmp_path)
    assert "kubevirt" in {each["metadata"]["name"] for each in made.service.list(NAMESPACE).items}
    assert len(made.service.list(KUBEVIRT).items) == 1
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - in a test


async def test_nodes_of_another_time_are_retired(tmp_path: Path) -> None:
    store = Store(MemoryLog())
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node3"}}
    front(tmp_path, store).service.create(NODE, None, node)
    assert front(tmp_path, store).service.list(NODE).items == []
