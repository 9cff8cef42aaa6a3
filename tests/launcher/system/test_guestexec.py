import base64

import pytest

from launcher.errors import AgentError
from launcher.system.guestagent import GuestAgent
from launcher.system.guestexec import execute
from tests.fakes.hypervisor import FakeHypervisor


def hypervisor(**status: object) -> FakeHypervisor:
    made = FakeHypervisor(lambda _: None, active=True)
    made.guest.answers |= {"guest-exec": {"pid": 7}, "guest-exec-status": status}
    return made


async def test_a_program_with_its_output() -> None:
    out = base64.b64encode(b"hello\n").decode()
    machine = hypervisor(exited=True, exitcode=3, **{"out-data": out})
    done = await execute(GuestAgent(machine), ("echo", "a b"), stdin=b"in", patience=60)
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"hello\n", b"")
    assert machine.guest.requests == [
        {"path": "echo", "arg": ["a b"], "capture-output": True, "input-data": "aW4="},
        {"pid": 7},
    ]


async def test_a_signal_is_told_as_a_shell_does() -> None:
    done = await execute(GuestAgent(hypervisor(exited=True, signal=9)), ("x",), patience=60)
    assert done.exit_code == 137


async def test_a_program_that_does_not_end_is_left_running() -> None:
    with pytest.raises(AgentError, match=r"`sleep` still runs in the guest as process 7 after 0.1"):
        await execute(GuestAgent(hypervisor(exited=False)), ("sleep", "60"), patience=0.1)
