import asyncio

from virtctl.local.node.station import Pulse


async def test_a_pulse_wakes_all_who_looked_before_it():
    pulse = Pulse()
    waiting = [pulse.next, pulse.next]
    pulse.beat()
    await asyncio.wait_for(asyncio.gather(*waiting), 60)
    assert not pulse.next.done()
