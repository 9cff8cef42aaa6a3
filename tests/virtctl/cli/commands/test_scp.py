import pytest

from tests.fakes.canned import api_server
from tests.fakes.env import FakeProcesses, Ran, fake_env, run_in
from virtctl.cli.commands.scp import places
from virtctl.errors import UsageError


def scp(*words: str, code: int = 0) -> tuple[Ran, list[str]]:
    processes = FakeProcesses(("scp",), code)
    with api_server() as server:
        env = fake_env({"USER": "tester", "HOME": "/h"}, processes=processes)
        ran = run_in(env, f"--server={server.url}", "scp", *words)
    return ran, processes.started[0]


def test_there_and_back() -> None:
    assert scp("a.txt", "me@vm/web/prod:b:c")[1][-2:] == ["a.txt", "me@vm.web.prod:b:c"]
    _, argv = scp("-r", "--preserve", "web:b", "a.txt")
    assert argv[-4:] == ["-r", "-p", "tester@vm.web.default:b", "a.txt"]


def test_a_failure_says_so_and_keeps_its_code() -> None:
    ran, _ = scp("a", "web:b", code=5)
    assert (ran.code, ran.err) == (5, "error: scp ended with exit code 5\n")


@pytest.mark.parametrize(("source", "target"), [("a:x", "b:y"), ("a", "b")])
def test_exactly_one_side_is_remote(source: str, target: str) -> None:
    with pytest.raises(UsageError, match="remote"):
        places(source, target)
