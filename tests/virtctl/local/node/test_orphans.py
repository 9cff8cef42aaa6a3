import os
import subprocess
import sys
import threading

from tests.fakes.background import background
from tests.fakes.eventually import eventually
from virtctl.local.node.orphans import reap_orphans, zombies


def ended_child() -> int:
    """A child of ours that has ended and that nobody has waited for."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


def test_zombies_are_children_that_have_ended():
    alive = subprocess.Popen(["sleep", "60"])
    pid = ended_child()
    try:
        assert pid in zombies()
        assert alive.pid not in zombies()
    finally:
        os.waitpid(pid, 0)
        alive.kill()
        alive.wait()
    assert pid not in zombies()


def test_children_of_other_threads_are_ours_too():
    found, done = [], threading.Event()

    def start():
        found.append(ended_child())
        done.wait(60)

    thread = threading.Thread(target=start)
    thread.start()
    try:
        while not found:
            pass
        assert found[0] in zombies()
    finally:
        done.set()
        thread.join()
        os.waitpid(found[0], 0)


async def test_what_is_a_zombie_for_an_interval_is_reaped():
    pid = ended_child()
    assert pid in zombies()
    async with background(reap_orphans(0.02)):
        await eventually(lambda: pid not in zombies())


ADOPT = """
import os, sys
from virtctl.local.node.orphans import adopt_orphans, zombies
adopt_orphans()
read, write = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.read(read, 1)
        os._exit(0)
    os._exit(0)
os.wait()
os.write(write, b"x")
pid, status = os.wait()
print(status)
"""


def test_orphans_come_to_us():
    done = subprocess.run(
        [sys.executable, "-c", ADOPT], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "0\n"
