import time

from virtctl.local.runtime.clock import SystemClock


def test_the_system_clock_tells_unix_time():
    before = time.time()
    assert before <= SystemClock().now() <= time.time()
