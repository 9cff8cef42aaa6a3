import asyncio

import pytest

from tests.fakes.eventually import eventually
from virtctl.local.http.outlets import Outlet, Turns


def test_an_outlet_tells_when_it_has_room_again() -> None:
    written, told = [], []
    outlet = Outlet(written.append)
    outlet.listen(lambda: told.append(outlet.full))
    outlet.write(b"a")
    assert not outlet.full
    outlet.pause()
    assert outlet.full
    assert not told
    outlet.resume()
    outlet.listen(None)
    outlet.resume()
    assert (written, told) == ([b"a"], [False])


async def test_many_are_written_in_few_turns_with_others_in_between() -> None:
    turns, order = Turns(), []
    for number in range(100):
        turns.add(lambda number=number: order.append(number))
    asyncio.get_running_loop().call_soon(order.append, "other")
    await eventually(lambda: len(order) == 101)
    assert [each for each in order if each != "other"] == list(range(100))
    assert 0 < order.index("other") < 100


async def test_who_comes_during_a_turn_gets_one() -> None:
    turns, order = Turns(), []

    def first() -> None:
        order.append("first")
        turns.add(lambda: order.append("second"))

    turns.add(first)
    await eventually(lambda: len(order) == 2)
    assert order == ["first", "second"]


async def test_a_failure_takes_nobody_elses_turn() -> None:
    turns, order, problems = Turns(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, seen: problems.append(seen))

    def fail() -> None:
        raise ValueError("mine")

    turns.add(fail)
    turns.add(lambda: order.append("other"))
    await eventually(lambda: order)
    with pytest.raises(ValueError, match="mine"):
        raise problems[0]["exception"]
