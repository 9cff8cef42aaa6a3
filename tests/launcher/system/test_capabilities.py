"""Rights given up, in a process of its own."""

import os
from pathlib import Path

import pytest

from launcher.system import capabilities

pytestmark = pytest.mark.host


def test_what_is_not_kept_is_gone() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "failed"
        try:
            capabilities.keep_only(("CHOWN", "NET_ADMIN"))
            said = Path("/proc/self/status").read_text()
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        status = dict(line.split(":\t", 1) for line in pipe.read().splitlines())
    os.waitpid(child, 0)
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status[name], 16) == 1 << 12 | 1, name
    assert int(status["CapInh"], 16) == 0
