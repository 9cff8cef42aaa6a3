import asyncio

from virtctl.local.node.errands import Errands


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
