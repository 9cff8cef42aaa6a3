import os
import signal
import time

import pytest

from virtctl.cli.drive import drive, ended_by_signals
from virtctl.errors import StreamError


def test_the_result_and_the_error_come_through() -> None:
    async def answer() -> int:
        return 42

    async def fail() -> None:
        raise StreamError("broke")

    assert drive(answer()) == 42
    with pytest.raises(StreamError, match="broke"):
        drive(fail())


def test_signals_end_it_as_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def ended() -> None:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        ended()
    assert signal.getsignal(signal.SIGTERM) is before
