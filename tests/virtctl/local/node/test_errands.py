import asyncio
import contextlib

from tests.fakes.cluster import Cluster
from virtctl.local.node.errands import Caretaker, Errands
from virtctl.models.kinds import CONFIG_MAP


async def test_an_errand_is_known_while_it_is_under_way() -> None:
    errands, go = Errands(), asyncio.Event()

    async def work() -> None:
        await go.wait()

    errands.begin("a", work(), "errand for a")
    assert "a" in errands
    assert "b" not in errands
    go.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert "a" not in errands


async def test_all_have_ended_in_the_end() -> None:
    errands, ended = Errands(), []

    async def work(uid: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(uid)

    for uid in ("a", "b"):
        errands.begin(uid, work(uid), uid)
    await asyncio.sleep(0)
    await errands.end()
    assert sorted(ended) == ["a", "b"]


async def test_what_follows_an_errand_follows_only_when_it_was_done(caplog) -> None:
    errands, done = Errands(), []

    async def well() -> None:
        """Nothing to do."""

    async def badly() -> None:
        raise ValueError("not foreseen")

    errands.begin("a", well(), "a", lambda: done.append("a"))
    errands.begin("b", badly(), "errand for b", lambda: done.append("b"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == ["a"]
    assert "errand for b failed" in caplog.text


async def test_what_is_asked_for_meanwhile_is_done_afterwards() -> None:
    cluster, began, go = Cluster(), [], asyncio.Event()
    service = cluster.service
    service.ensure_namespace("default")
    service.create(CONFIG_MAP, "default", {"metadata": {"name": "one"}, "data": {"left": "2"}})

    def left(one) -> int:
        return int(one["data"]["left"])

    async def work(key, uid) -> None:
        began.append(uid)
        await go.wait()
        one = service.get(CONFIG_MAP, *key)
        # Told while the errand is under way: no observation of it begins another one.
        one["data"]["left"] = str(left(one) - 1)
        service.update(CONFIG_MAP, *key, one)

    caretaker = Caretaker(service, CONFIG_MAP, lambda one: left(one) > 0, work)
    task = asyncio.create_task(caretaker.run())
    await cluster.until(lambda: len(began) == 1)
    go.set()
    await cluster.until(lambda: left(service.get(CONFIG_MAP, "default", "one")) == 0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(began) == 2
    assert len(set(began)) == 1
