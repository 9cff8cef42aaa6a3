import io

import pytest

from tests.fakes.env import fake_env
from virtctl.cli.failures import called, report
from virtctl.errors import (
    Conflict,
    NotFound,
    RemoteExit,
    UsageError,
    VirtctlError,
    WaitTimeout,
)


def say(error: BaseException, verbosity: int = 0) -> tuple[int, str]:
    env = fake_env()
    code = report(error, env, verbosity=verbosity, command="start")
    return code, env.stderr.getvalue()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (VirtctlError("no luck", "try again"), 1, "error: no luck\nhint: try again\n"),
        (Conflict("VM is already running"), 1, "error: VM is already running\n"),
        (UsageError("bad"), 2, "error: bad\nhint: see `virtctl start --help`\n"),
        (WaitTimeout("ip of VM a", 5, "it is Pending", "look"), 124,
         "error: ip of VM a did not come within 5 s; it is Pending\nhint: look\n"),
        (RemoteExit(7), 7, ""),
        (KeyboardInterrupt(), 130, "\n"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1,
         "error: no such file or directory: x\n"),
    ],
)  # fmt: skip
def test_the_error_comes_first_and_the_code_is_documented(
    error: BaseException, code: int, said: str
) -> None:
    assert say(error) == (code, said)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('virtualmachines.kubevirt.io "web" not found', "vm"),
        ('cannot start VM web: virtualmachine.kubevirt.io "web" not found', "vm"),
        ('virtualmachineinstance.kubevirt.io "web" not found', "vmi"),
    ],
)
def test_a_missing_machine_hints_at_where_to_look(message: str, kind: str) -> None:
    assert say(NotFound(message)) == (1, f"error: {message}\nhint: see `virtctl get {kind} -A`\n")


def test_a_missing_resource_hints_at_the_version() -> None:
    _, said = say(NotFound("the server could not find the requested resource"))
    assert "hint: the server does not serve this; compare `virtctl version`" in said


def test_tracebacks_are_for_v9_and_for_bugs() -> None:
    assert "Traceback" not in say(VirtctlError("x"), verbosity=8)[1]
    assert say(VirtctlError("x"), verbosity=9)[1].count("VirtctlError") == 1
    assert "ZeroDivisionError" in say(ZeroDivisionError("x"))[1]


def test_a_gone_reader_is_no_error() -> None:
    env = fake_env()
    assert isinstance(env.stdout, io.StringIO)
    assert report(BrokenPipeError(), env, verbosity=0, command="get") == 0
    assert env.stderr.getvalue() == ""


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("virtctl start a", "kubectl virt start a"),
        ("look at `virtctl get vm a`", "look at `kubectl virt get vm a`"),
        ("curl x | virtctl apply -f -", "curl x | kubectl virt apply -f -"),
        ("add virtctl to PATH, or virtctl-local", "add virtctl to PATH, or virtctl-local"),
    ],
)
def test_hints_use_the_name_we_were_called_by(hint: str, shown: str) -> None:
    assert called(hint, "kubectl virt") == shown
